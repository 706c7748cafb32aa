"""Who may approve: another person, as far as anything vouches for it; what is only said refuses and never allows."""

from __future__ import annotations

import pytest

from scheduler.entry_members import Person, Vouching
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.approvals.persons import Party, Refusal, refusal
from tests.support.world import BEGIN


def asked(name: str, by: Vouching, actor: str = "config") -> PendingChange:
    """A change that somebody asked for."""
    return PendingChange(5, BEGIN, actor, Person(name=name, by=by), "", "")


BY_FILE, BY_ROOTS_FILE = asked("svc", "file"), asked("root", "file")
BY_ANN = asked("ann", "login", "user:svc@web1")
BY_SVC = asked("svc", "uid", "user:svc@web1")
BY_TOKEN = asked("token:ann", "token", "token:ann")


@pytest.mark.parametrize(
    ("change", "approver", "why"),
    [
        # The config is a file of the account that approves: anybody with it may have edited it.
        (BY_FILE, Party("svc"), "not_told_apart"),
        (BY_FILE, Party("svc", "bob"), "not_told_apart"),
        (BY_FILE, Party("bob"), None),
        (BY_FILE, Party("bob", "svc"), "same"),
        # It is root's: the account could not have edited it.
        (BY_ROOTS_FILE, Party("svc"), None),
        (BY_ROOTS_FILE, Party("svc", "bob"), None),
        (BY_ROOTS_FILE, Party("svc", claimed=["root"]), "root"),
        # Nobody knows whose it is.
        (asked("", "file"), Party("bob"), "not_told_apart"),
        # Two logins of one account.
        (BY_ANN, Party("svc", "bob"), None),
        (BY_ANN, Party("svc", "ann"), "same"),
        (BY_ANN, Party("svc"), "not_told_apart"),
        (BY_ANN, Party("svc", claimed=["bob"]), "not_told_apart"),
        (BY_ANN, Party("svc", "bob", claimed=["ann"]), "same"),
        (BY_ANN, Party("ann"), "same"),
        (BY_ANN, Party("bob"), None),
        # One of the two has none that counts.
        (BY_SVC, Party("svc", "bob"), "not_told_apart"),
        (BY_SVC, Party("bob"), None),
        # Tokens of the console are persons.
        (BY_TOKEN, Party("token:bob"), None),
        (BY_TOKEN, Party("token:ann"), "same"),
        (BY_ROOTS_FILE, Party("token:bob"), None),
        # Never root, by whatever way, and never a job.
        (BY_FILE, Party("root", is_root=True), "root"),
        (BY_FILE, Party("bob", is_root=True), "root"),
        (BY_FILE, Party("bob", "root"), "root"),
        (BY_FILE, Party("bob", in_job=True), "job"),
    ],
)
def test_who_may_approve(change: PendingChange, approver: Party, why: Refusal | None) -> None:
    """Each case of the table."""
    assert refusal(change, approver) == why


def test_hosts_do_not_count() -> None:
    """The same name on another host is the same person."""
    assert refusal(asked("ann", "uid", "user:ann@web1"), Party("ann")) == "not_told_apart"
    assert refusal(asked("ann@corp", "uid", "user:ann@corp@web1"), Party("ann@corp")) == "not_told_apart"
    assert refusal(asked("ann@corp", "uid", "user:ann@corp@web1"), Party("ann")) is None
