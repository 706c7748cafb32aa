"""The key `notify`: which channels are told of a job, and of what."""

from __future__ import annotations

import pytest

from scheduler.definition import JobDefinition, Notify, revision
from tests.scheduler.configuration.reading import read, the_mistake

CHANNELS = "channels: {mail: {email: a@b.example}, pager: {email: c@d.example}}\n"


def told(job: str, defaults: str = "") -> Notify | None:
    """What a job of these keys says, under these defaults."""
    before = f"defaults: {{{defaults}}}\n" if defaults else ""
    return read(f"{CHANNELS}{before}jobs: {{a: {{command: x, every: 1h{job}}}}}").jobs["a"].definition.notify


def test_nothing_is_said_by_default_and_no_revision_changes() -> None:
    """A job without the key tells nobody, and its definition is what it was before there was such a key."""
    assert told("") is None
    plain = JobDefinition(name="a", command="x", every="1h")
    assert revision(plain) == revision(JobDefinition(name="a", command="x", every="1h", notify=None))


def test_a_block_is_merged_over_that_in_defaults() -> None:
    """What a job leaves out comes from `defaults`, and `none` takes it back."""
    defaults = "notify: {channels: mail, when: [failure, recovery]}"
    assert told("", defaults) == Notify(channels=("mail",), when=("failure", "recovery"))
    both = Notify(channels=("mail", "pager"), when=("failure", "recovery"), threshold=3)
    assert told(", notify: {channels: [mail, pager], threshold: 3}", defaults) == both
    assert told(", notify: none", defaults) is None


def test_defaults_without_channels_tell_nobody_by_themselves() -> None:
    """Only with a job that names channels do they say of what."""
    defaults = "notify: {when: lost}"
    assert told("", defaults) is None
    assert told(", notify: {channels: mail}", defaults) == Notify(channels=("mail",), when=("lost",))


@pytest.mark.parametrize(("written", "message", "suggestion"), [
    ("{channels: mial}", "there is no channel 'mial'", "mail"),
    ("{channels: [mail, x]}", "there is no channel 'x'", ""),
    ("{when: failure}", "notify names no channel", ""),
    ("mail", "this takes a mapping such as", "{channels: mail}"),
    ("{channels: mail, when: failur}", "failure", "failure"),
    ("{channels: mail, when: started}", "failure", ""),
    ("{channels: mail, when: failed}", "not 'failed'", "failure"),
    ("{channels: mail, when: recovered}", "not 'recovered'", "recovery"),
    ("{channels: mail, threshold: 0}", "whole number", ""),
    ("{channel: mail}", "unknown key 'channel' in notify", "channels"),
])  # fmt: skip
def test_a_mistake_says_what_is_meant(written: str, message: str, suggestion: str) -> None:
    """Each mistake is told with its place, and a suggestion where there is one."""
    mistake = the_mistake(f"{CHANNELS}jobs: {{a: {{command: x, every: 1h, notify: {written}}}}}")
    assert message in mistake.message
    assert mistake.suggestion == suggestion
    assert mistake.key.startswith("jobs.a.notify")


def test_a_channel_that_defaults_name_has_to_be_there() -> None:
    """The mistake stands in `defaults`, once, however many jobs there are."""
    mistake = the_mistake("defaults: {notify: {channels: mail}}\njobs: {a: {command: x, every: 1h}}")
    assert mistake.key == "defaults.notify.channels"
