"""`notify status`: what each channel was told, and is still to be told."""

from __future__ import annotations

import json
from pathlib import Path

from scheduler.definition import JobDefinition, Notify
from scheduler.notifications.transport import NotDelivered
from tests.support.command import call
from tests.support.home import make_home
from tests.support.told_home import ToldHome

CONFIG = """\
channels:
  mail: {email: ops@example.org}
  pager: {webhook: "https://pager.example/secret-path"}
jobs: {}
"""


def test_it_tells_what_was_told_what_is_on_its_way_and_what_waits(tmp_path: Path) -> None:
    """For people and for programs; no address is shown."""
    told = ToldHome(tmp_path, CONFIG)
    told.writer.serve()
    notify = Notify(channels=("mail", "pager"))
    told.writer.define("a", JobDefinition(name="a", command="x", every="1h", notify=notify))
    told.receivers.problems["pager"] = NotDelivered("the connection\x1b[31m was refused")
    for _ in range(3):
        told.fail("a")
        told.turn(60)
    shown = call("notify", "status", home=tmp_path)
    assert shown.code == 0
    assert "email, told last " in shown.out
    assert "on its way: 1 failure (entry " in shown.out
    assert "tries failed: the connection" in shown.out
    assert "waiting: 2 failures (entries " in shown.out
    assert "no scheduler serves this home" in shown.out
    assert "\x1b[31m" not in shown.out
    assert "secret-path" not in shown.out
    overview = call("status", home=tmp_path)
    assert "pager is not told: " in " ".join(overview.out.split())
    assert [
        each["channel"] for each in json.loads(call("status", "--json", home=tmp_path).out)["channels"]
    ] == [
        "mail",
        "pager",
    ]
    mail, pager = json.loads(call("notify", "status", "--json", home=tmp_path).out)["channels"]
    assert (mail["kind"], mail["on_its_way"], mail["waiting"]) == ("email", None, None)
    assert (pager["told"], pager["on_its_way"]["count"], pager["waiting"]["kinds"]) == (
        None,
        1,
        {"failure": 2},
    )
    assert pager["tries"] > 3


def test_a_channel_that_is_gone_and_what_was_given_up(tmp_path: Path) -> None:
    """Until its end is recorded, such a channel is shown as what it is."""
    told = ToldHome(tmp_path, CONFIG)
    told.writer.serve()
    told.writer.define(
        "a", JobDefinition(name="a", command="x", every="1h", notify=Notify(channels=("mail", "pager")))
    )
    told.receivers.problems |= {
        "mail": NotDelivered("no such user", permanent=True),
        "pager": NotDelivered("refused"),
    }
    told.fail("a")
    told.turn()
    told.write_config("channels: {mail: {email: ops@example.org}}\njobs: {}\n")
    shown = call("notify", "status", home=tmp_path).out
    assert "given up last " in shown
    assert "pager" in shown
    assert "no longer in the config" in shown


def test_without_channels_it_says_how_to_have_some(tmp_path: Path) -> None:
    """Nothing is there, and nothing is made by asking."""
    home = make_home(tmp_path, "jobs: {}\n")
    shown = call("notify", "status", home=home.root)
    assert shown.code == 0
    assert "none: `channels:` in the config" in shown.out
    assert not home.var.exists()
    assert "\nchannels:" not in call("status", home=home.root).out
