"""The scheduler's unit: it runs other people's commands, so nothing is in it that those could not live with."""

from __future__ import annotations

from cli.install.machine import Machine
from cli.install.unit_escaping import command_line, line, path_word
from cli.install.unit_text import Setting, Unit, remark
from scheduler.home import Home

SUBGROUP_SINCE = 254
"""The version of systemd that knows `DelegateSubgroup=`."""


def scheduler_unit(name: str, home: Home, machine: Machine, user: str | None, *, leave_runs: bool) -> Unit:
    """The unit of a home's scheduler.

    Args:
        name: of the unit.
        home: the home.
        machine: where it is to run.
        user: as whom it acts; None: as the user whose service manager it is.
        leave_runs: whether runs go on when it stops; otherwise its config says what becomes of them.

    Raises:
        Inexpressible: a path cannot stand in a unit file.
    """
    root = str(home.root)
    serve = ["--home", root, "serve", *(["--leave-runs"] if leave_runs else [])]
    service = _service(command_line(machine.program, serve), machine, user)
    return Unit(
        name,
        root,
        [
            ("Description", line(f"cronledger scheduler of {root}")),
            ("After", "network.target remote-fs.target nss-user-lookup.target time-set.target"),
            ("RequiresMountsFor", path_word(root)),
            *remark("However often it fails, it is tried again."),
            ("StartLimitIntervalSec", "0"),
        ],
        service,
        [("WantedBy", machine.wanted_by)],
    )


def _service(command: str, machine: Machine, user: str | None) -> list[Setting]:
    service: list[Setting] = [("Type", "notify"), ("NotifyAccess", "main")]
    service += [("User", user)] if user is not None else []
    service += [
        ("ExecStart", command),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        *remark("A stop ends the scheduler alone: what becomes of its runs is its own affair."),
        ("KillMode", "process"),
        *remark("While it starts, or gives runs their grace, it asks for more time itself."),
        ("TimeoutStartSec", "15min"),
        ("TimeoutStopSec", "90s"),
        *remark(
            "Its loop feeds the watchdog. One that hangs is killed, says where it hung, and is started again."
        ),
        ("WatchdogSec", "60s"),
        ("Environment", "PYTHONFAULTHANDLER=1"),
        ("Restart", "on-failure"),
        ("RestartSec", "5s"),
        *remark(
            "Not for these: usage or config, a home that is served already; a ledger that cannot be trusted."
        ),
        ("RestartPreventExitStatus", "2 3"),
        *remark("Each run gets a control group of its own below this one."),
        ("Delegate", "yes"),
    ]
    if machine.systemd_version >= SUBGROUP_SINCE:
        service.append(("DelegateSubgroup", "scheduler"))
    service += [
        *remark("A run that uses up the memory ends alone."),
        ("OOMPolicy", "continue"),
        *remark(
            "No NoNewPrivileges=, Protect…= or Private…=: jobs inherit them, and sudo, mail, or a file elsewhere",
            "would fail. Add what your own jobs can live with: systemctl edit shows how.",
        ),
    ]
    return service
