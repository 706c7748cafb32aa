"""The `cronledger` command: its groups, the home it works on, and the boundary at which errors become words."""

from __future__ import annotations

import io
import os
import sys

import click

from cli.app.error_boundary import failures_for_people
from cli.app.failures import ExitCode, Failure, say
from cli.app.home_option import home_option
from cli.app.lazy_group import LazyGroup
from cli.terminal.console import silence, writing_output

_JOBS = {
    "list": ("cli.commands.jobs.list:list_", "all jobs: schedule, whether enabled, last and next run"),
    "show": ("cli.commands.jobs.show:show", "one job in full"),
    "run": ("cli.commands.jobs.requests.run:run", "run jobs now, whatever their schedule"),
    "retry": ("cli.commands.jobs.requests.retry:retry", "make runs again that did not succeed"),
    "settle": ("cli.commands.jobs.requests.settle:settle", "no run for a job's times up to a moment"),
    "backfill": (
        "cli.commands.jobs.requests.backfill:backfill",
        "run times of a job that passed without a run",
    ),
    "approve": ("cli.commands.jobs.requests.approve:approve", "approve a job's edit as a second person"),
    "new": ("cli.commands.jobs.new:new", "write a job in Python to begin with"),
    "cancel": ("cli.commands.jobs.requests.cancel:cancel", "stop a run that is running or waiting"),
    "history": ("cli.commands.jobs.history:history", "runs, newest first"),
    "next": ("cli.commands.jobs.next:next_", "the coming runs"),
    "why": ("cli.commands.jobs.why:why", "whether a job ran at an instant, and if not, why"),
    "timeline": ("cli.commands.jobs.timeline:timeline", "runs as bars, on an axis of time"),
    "heatmap": ("cli.commands.jobs.heatmap:heatmap", "days by hours: how many runs, failures, how long"),
    "enable": ("cli.commands.jobs.requests.enablement:enable", "let jobs run on their schedule"),
    "disable": ("cli.commands.jobs.requests.enablement:disable", "keep jobs from running on their schedule"),
    "cleanup-sessions": ("cli.commands.jobs.maintenance:cleanup_sessions", "delete expired sessions now"),
    "log-cleanup": ("cli.commands.jobs.maintenance:log_cleanup", "delete old logs now"),
}
_RUNS = {"show": ("cli.commands.runs.show:show", "everything about one run, with the entries that prove it")}
_LEDGER = {
    "verify": ("cli.commands.ledger.verify:verify", "check the whole chain"),
    "show": ("cli.commands.ledger.show:show", "one entry in full"),
    "tail": ("cli.commands.ledger.tail:tail", "the newest entries, as they come with -f"),
    "checkpoint": (
        "cli.commands.ledger.signing.checkpoint:checkpoint",
        "sign the ledger up to its last entry",
    ),
    "continue": (
        "cli.commands.ledger.signing.continue_:continue_",
        "go on after a restore, under another name",
    ),
    "tree": ("cli.commands.ledger.tree:tree", "the Merkle tree over all entries: its size and root"),
    "prove": ("cli.commands.ledger.prove:prove", "write a proof that an entry is in the ledger"),
    "check-proof": (
        "cli.commands.ledger.check_proof:check_proof",
        "whether a file proves that an entry is in a ledger",
    ),
    "publish": ("cli.commands.ledger.publish:publish", "write it as a static log that others can read"),
    "archive": (
        "cli.commands.ledger.archive:archive",
        "write old segments into a volume elsewhere, and verify that",
    ),
    "reattach": (
        "cli.commands.ledger.reattach:reattach",
        "tell the ledger where archived segments are now",
    ),
    "move": (
        "cli.commands.ledger.move:move",
        "take it into a database that several machines share, and back",
    ),
    "anchor": ("cli.commands.ledger.anchor:anchor", "give the newest checkpoint to the anchors, now"),
    "keep-cosignature": (
        "cli.commands.ledger.keep_cosignature:keep_cosignature",
        "keep what a witness has cosigned that no network reaches",
    ),
}
_NOTIFY = {
    "status": ("cli.commands.notify.status:status", "what each channel was told, and is still to be told"),
    "test": ("cli.commands.notify.test:test", "send a message that tells of nothing, now"),
}
_AUDIT = {
    "report": (
        "cli.commands.audit.report:report",
        "every time of a range accounted for, and what stands around it",
    ),
    "bundle": ("cli.commands.audit.bundle:bundle", "entries with all that is needed to check them elsewhere"),
}
_LEDGER_KEY = {
    "generate": (
        "cli.commands.ledger.signing.key_generate:key_generate",
        "give the ledger its first key: from then on it is signed",
    ),
    "show": (
        "cli.commands.ledger.signing.key_show:key_show",
        "the public key, and who can use the private one",
    ),
    "sign": (
        "cli.commands.ledger.signing.key_sign:key_sign",
        "be the command that signs, for a key kept elsewhere",
    ),
    "rotate": ("cli.commands.ledger.signing.key_rotate:key_rotate", "have another key sign from here on"),
}
_PROJECTIONS = {
    "status": (
        "cli.commands.projections.status:status",
        "how much of the ledger they hold, and whether they are sound",
    ),
    "rebuild": ("cli.commands.projections.rebuild:rebuild", "make all of them anew from the ledger"),
}
_PLAYBOOKS = {
    "list": ("cli.commands.playbooks.list:list_", "all playbooks"),
    "show": ("cli.commands.playbooks.show:show", "one playbook, to be followed step by step"),
}
_LOGS = {
    "view": ("cli.commands.logs.view:view", "log entries, the newest last, as they come with -f"),
    "search": ("cli.commands.logs.search:search", "the log entries in which something stands"),
    "show": ("cli.commands.logs.show:show", "what a run printed, byte for byte"),
    "export": ("cli.commands.logs.export:export", "log entries as JSON lines, CSV or text"),
    "summary": ("cli.commands.logs.summary:summary", "log entries, counted by level, job and day"),
}
_CONFIG = {
    "apply": ("cli.commands.config.apply:apply", "on a database: bring the config into force on all nodes"),
    "show": ("cli.commands.config.show:show", "what is in force, from where, since when and by whom"),
}
_NODES = {
    "list": ("cli.commands.nodes.list:list_", "the machines that share the ledger, and how each is doing"),
    "why": ("cli.commands.nodes.why:why", "why a node takes nothing, or what it may take"),
    "drain": ("cli.commands.nodes.drain:drain", "let a node take nothing new"),
    "resume": ("cli.commands.nodes.resume:resume", "let a node that was drained take runs again"),
    "forget": ("cli.commands.nodes.forget:forget", "give up a node that stopped and does not come back"),
}
_HOME = {"adopt": ("cli.commands.home.adopt:adopt", "let a home that is a copy go on by itself")}
_WITNESS = {
    "serve": ("cli.commands.witness.serve:serve", "cosign the checkpoints of other ledgers, over HTTP"),
    "cosign": ("cli.commands.witness.cosign:cosign", "cosign a checkpoint that came as a file"),
    "trust": ("cli.commands.witness.trust:trust", "let the witness know a log by its key"),
    "status": (
        "cli.commands.witness.status:status",
        "the logs that the witness knows, and what it cosigned last",
    ),
}
_WITNESS_KEY = {
    "generate": ("cli.commands.witness.key:generate", "make the key of a witness"),
    "show": ("cli.commands.witness.key:show", "show its public half"),
}
_DATABASE = {
    "create": (
        "cli.commands.database.create:create",
        "make the tables of a ledger in PostgreSQL, or upgrade them",
    ),
    "refill": (
        "cli.commands.database.refill:refill",
        "put back what the database lost, from this machine's mirror",
    ),
}
_IMPORT = {
    "crontab": ("cli.commands.importing.crontab:crontab", "make config of a crontab"),
    "systemd": ("cli.commands.importing.systemd:systemd", "make config of systemd's timers"),
}
_INSTALL = {
    "systemd": (
        "cli.commands.install.systemd:systemd",
        "units that have systemd keep the scheduler running",
    )
}
_CRON = {"explain": ("cli.commands.cron.explain:explain", "what an expression means and when it comes next")}
_TOP = {
    "init": ("cli.commands.init:init", "make a home with a commented starter config"),
    "serve": ("cli.commands.serve:serve", "run the scheduler"),
    "status": ("cli.commands.status:status", "the scheduler, the config and the ledger at a glance"),
    "check": ("cli.commands.check:check", "check the config and do nothing else"),
    "console": ("cli.commands.console.console:console", "the home in a browser"),
    "plan": ("cli.commands.plan:plan", "what the config would change, before it does"),
    "upgrade": ("cli.commands.upgrade:upgrade", "what this version would do to a home of another one"),
    "schema": ("cli.commands.schema:schema", "what a config may hold, for editors"),
    "metrics": ("cli.commands.metrics:metrics", "figures for Prometheus, to standard output or a file"),
    "sql": ("cli.commands.sql:sql", "ask the ledger anything, in SQL"),
    "export": ("cli.commands.export:export", "write a view out, for other programs"),
    "completion": ("cli.commands.completion:completion", "completion for your shell"),
    "man": ("cli.commands.man:man", "the manual page of a command"),
}

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
COMPLETE_VARIABLE = "_CRONLEDGER_COMPLETE"
"""Set by the shell when it asks for completions; see `cronledger completion`."""


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from scheduler.version import VERSION

        click.echo(f"cronledger {VERSION}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    lazy=_TOP,
    context_settings=CONTEXT,
    epilog="Begin with: cronledger init; cronledger serve. Each command has its own --help.",
)
@home_option
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def cronledger() -> None:
    """A cron whose memory is an append-only, hash-chained ledger.

    Exit codes: 0 done; 1 the thing asked about failed; 2 usage or configuration; 3 the ledger cannot be
    trusted or cannot be written; 4 something would change (plan --exit-code); 75 not now (serve).
    """


jobs = LazyGroup("jobs", lazy=_JOBS, help="Manage and run jobs.", context_settings=CONTEXT)
runs = LazyGroup("runs", lazy=_RUNS, help="Look at single runs.", context_settings=CONTEXT)
ledger = LazyGroup("ledger", lazy=_LEDGER, help="Look at the ledger itself.", context_settings=CONTEXT)
audit = LazyGroup("audit", lazy=_AUDIT, help="What an auditor is given.", context_settings=CONTEXT)
ledger.add_command(
    LazyGroup("key", lazy=_LEDGER_KEY, help="The key that signs the ledger.", context_settings=CONTEXT)
)
notify = LazyGroup("notify", lazy=_NOTIFY, help="How people are told.", context_settings=CONTEXT)
projections = LazyGroup(
    "projections", lazy=_PROJECTIONS, help="The files that SQL answers come from.", context_settings=CONTEXT
)
logs = LazyGroup("logs", lazy=_LOGS, help="What jobs print, line by line.", context_settings=CONTEXT)
config = LazyGroup("config", lazy=_CONFIG, help="The config in force.", context_settings=CONTEXT)
nodes = LazyGroup(
    "nodes", lazy=_NODES, help="The machines that share a ledger in a database.", context_settings=CONTEXT
)
home_group = LazyGroup(
    "home", lazy=_HOME, help="Let a home that was copied or restored go on.", context_settings=CONTEXT
)
importing = LazyGroup("import", lazy=_IMPORT, help="Move in from other schedulers.", context_settings=CONTEXT)
install = LazyGroup(
    "install", lazy=_INSTALL, help="Have this machine run it by itself.", context_settings=CONTEXT
)
cron = LazyGroup("cron", lazy=_CRON, help="Understand cron expressions.", context_settings=CONTEXT)
playbooks = LazyGroup(
    "playbooks", lazy=_PLAYBOOKS, help="What to do when: short runbooks.", context_settings=CONTEXT
)
witness = LazyGroup(
    "witness",
    lazy=_WITNESS,
    help="Cosign the checkpoints of other ledgers, never two stories of one.",
    context_settings=CONTEXT,
)
witness.add_command(
    LazyGroup("key", lazy=_WITNESS_KEY, help="The key of a witness.", context_settings=CONTEXT)
)
database = LazyGroup(
    "database",
    lazy=_DATABASE,
    help="The database that a ledger on several machines is in.",
    context_settings=CONTEXT,
)
core = LazyGroup("core", help="The playbooks under a longer path.", context_settings=CONTEXT)
core.add_command(playbooks)
infra = LazyGroup("infra", help="The job and log commands under a longer path.", context_settings=CONTEXT)
infra.add_command(jobs)
infra.add_command(logs)
for group in (
    jobs,
    runs,
    ledger,
    audit,
    notify,
    projections,
    logs,
    config,
    nodes,
    home_group,
    cron,
    importing,
    install,
    playbooks,
    witness,
    database,
    infra,
    core,
):
    cronledger.add_command(group)


def main() -> None:
    """The entry point: run the command and leave with a documented exit code, never with a traceback."""
    _settle_streams()
    if COMPLETE_VARIABLE in os.environ:
        _complete()
    with failures_for_people():
        try:
            code = _run(sys.argv[1:])
        except click.exceptions.Exit as left:
            code = left.exit_code
        except click.ClickException as mistake:
            _show_mistake(mistake)
            code = ExitCode.USAGE
        except (click.exceptions.Abort, KeyboardInterrupt):
            click.echo(err=True)
            code = ExitCode.INTERRUPTED
        except SystemExit as left:
            code = left.code
        _tell_reach()
        _flush()
        sys.exit(code if isinstance(code, int) else ExitCode.DONE)


def _run(arguments: list[str]) -> object:
    """Run the command. Not by click's own `main`, which takes the end of a pipe for a failure."""
    with cronledger.make_context("cronledger", arguments) as ctx:
        return cronledger.invoke(ctx)


def _tell_reach() -> None:
    """Where entries of a database were read without reaching it, say up to where."""
    if "scheduler.database.connection" in sys.modules:
        from cli.app.reach import tell_reach

        tell_reach()


def _settle_streams() -> None:
    """Make output safe to write to, whatever the caller did with it.

    A stream that was closed is put on `/dev/null`, so that no file that is opened later takes its number and gets
    our messages. A character that the terminal's encoding lacks is shown escaped; it ends no command.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: this one
    if sys.stdout is None:  # it was closed when Python began
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _complete() -> None:
    """Answer the shell. Whatever goes wrong, it gets no answer rather than a message in its command line."""
    try:
        cronledger.main(prog_name="cronledger", standalone_mode=False)
    except Exception:  # noqa: BLE001 - see above
        sys.exit(ExitCode.FAILED)


def _show_mistake(mistake: click.ClickException) -> None:
    if isinstance(mistake, click.exceptions.NoArgsIsHelpError):
        mistake.show()
        return
    ctx = mistake.ctx if isinstance(mistake, click.UsageError) else None
    hint = f"`{ctx.command_path} --help` shows how it is used." if ctx is not None else ""
    if isinstance(mistake, click.NoSuchOption) and mistake.option_name in _own_options():
        say(Failure(f"{mistake.option_name} stands before the command: `cronledger {mistake.option_name}`"))
        return
    say(Failure(mistake.format_message(), hint))


def _own_options() -> list[str]:
    """The options of `cronledger` itself."""
    return [name for option in cronledger.params for name in option.opts]


def _flush() -> None:
    """Write out what is buffered while a failure can still be reported."""
    try:
        with writing_output():
            sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
