"""Commands about the key and the checkpoints of a ledger, and what `status` says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventstore.proofs.kept_checkpoints import parse_kept
from eventstore.proofs.notes.note import parse_verifier_key
from eventstore.proofs.notes.signing import verify_note
from scheduler.home import Home
from scheduler.vocabulary import payload
from tests.support.home import CONFIG, LiveHome, files_of, restore


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with a key."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    made = home.ask("ledger", "key", "generate")
    assert (made.code, "guards against accidents" in made.out) == (0, True)
    return home


def test_a_checkpoint_is_signed_and_shown(home: LiveHome) -> None:
    """As words, as JSON and byte for byte it is the same, signed by the key that is shown."""
    first = home.ask("ledger", "checkpoint", "--json").document
    assert first["is_new"]
    again = home.ask("ledger", "checkpoint", "--raw")
    assert again.err == "Nothing was recorded since: this is the checkpoint of before.\n"
    assert again.out == first["note"]
    key = parse_verifier_key(home.ask("ledger", "key", "show", "--json").document["vkey"])
    kept = parse_kept(again.raw_out)
    assert verify_note(kept.note, [key]) == [key]
    assert (kept.size, kept.checkpoint.origin) == (first["size"], first["origin"])
    words = home.ask("ledger", "checkpoint")
    assert f"{first['size']} entries" in words.out
    assert key.key_id.hex() in words.out


def test_a_rotated_key_is_shown_with_those_before(home: LiveHome) -> None:
    """The private ones never are."""
    before = home.ask("ledger", "key", "show", "--json").document
    assert home.ask("ledger", "key", "rotate").code == 0
    shown = home.ask("ledger", "key", "show", "--json").document
    assert (shown["former_keys"], shown["usable_by"]) == ([before["vkey"]], "jobs")
    words = home.ask("ledger", "key", "show").out
    assert before["vkey"] in words
    assert "PRIVATE" not in words


def test_nothing_is_overwritten(home: LiveHome, tmp_path: Path) -> None:
    """A second key is refused, and a file that is in the way stays."""
    assert "ledger key rotate" in home.ask("ledger", "key", "generate").err
    other = LiveHome(tmp_path / "other")
    other.configure(CONFIG)
    file = other.root / "keys" / "signing-key"
    file.parent.mkdir()
    file.write_text("mine")
    refused = other.ask("ledger", "key", "generate")
    assert (refused.code, file.read_text()) == (2, "mine")
    assert "--existing" in refused.err


def test_an_older_copy_is_refused_and_can_go_on(home: LiveHome) -> None:
    """Exit code 3, in words; `ledger continue` asks for a reason, and then it is signed under another name."""
    home.ask("ledger", "checkpoint")
    backup = files_of(home.ledger)
    home.ask("jobs", "disable", "nightly", "--reason", "test")
    home.ask("ledger", "checkpoint")
    restore(home.ledger, backup)
    refused = home.ask("ledger", "checkpoint")
    assert refused.code == 3
    assert "the signer remembers" in refused.err
    assert "ledger continue" in refused.err
    assert home.ask("ledger", "continue").code == 2
    assert home.ask("ledger", "continue", "--reason", "restored").code == 0
    assert home.ask("ledger", "checkpoint", "--json").document["origin"].endswith("/2")
    assert home.ask("ledger", "verify").code == 0


def test_a_state_that_does_not_fit_is_refused_in_words_that_help(home: LiveHome) -> None:
    """A later name of this ledger, another ledger, no state at all: exit code 3, the file, and what to do."""
    home.ask("ledger", "checkpoint")
    backup = files_of(home.ledger)
    state = home.root / "keys" / "signing-key.state"
    home.ask("ledger", "continue", "--reason", "restored")
    home.ask("ledger", "checkpoint")
    restore(home.ledger, backup)
    refused = home.ask("ledger", "checkpoint")
    assert (refused.code, "ledger continue" in refused.err, str(state) in refused.err) == (3, True, True)
    state.write_text(state.read_text().replace("cronledger/", "other/"))
    refused = home.ask("ledger", "checkpoint")
    assert (refused.code, f"{state} is of another ledger" in refused.err) == (3, True)
    state.write_text("")
    refused = home.ask("ledger", "checkpoint")
    assert (refused.code, "move the file away" in refused.err) == (3, True)
    state.unlink()
    assert home.ask("ledger", "checkpoint").code == 0


@pytest.mark.parametrize(
    "command", [["checkpoint"], ["anchor"], ["prove", "0", "-o", "proof"], ["continue", "--reason", "x"]]
)
def test_a_damaged_checkpoint_is_told_with_what_to_do(home: LiveHome, command: list[str]) -> None:
    """One that is far too long, too; moved away, the entry about it is enough."""
    home.configure(f"{CONFIG}ledger: {{anchors: [{{file: {home.root}, same_filesystem: true}}]}}\n")
    home.ask("ledger", "checkpoint")
    (kept,) = (home.ledger / "checkpoints").glob("*/*")
    kept.write_bytes(bytes(2_000_000))
    refused = home.ask("ledger", *command)
    assert (refused.code, str(kept) in refused.err, "move this file away" in refused.err) == (3, True, True)
    found = home.ask("ledger", "verify")
    assert (found.code, "it is longer" in found.out) == (1, True)
    kept.unlink()
    assert home.ask("ledger", "verify").code == 0
    assert home.ask("ledger", "anchor").code == 0


def test_a_bundle_says_which_file_is_in_its_way(home: LiveHome, tmp_path: Path) -> None:
    """It is not what the bundle is written to."""
    home.ask("ledger", "checkpoint")
    home.ask("jobs", "disable", "nightly", "--reason", "test")
    lock = home.root / "keys" / "signing-key.state.lock"
    lock.unlink()
    lock.mkdir()
    day = ("--from", "2026-01-01", "--to", "2100-01-01")
    refused = home.ask("audit", "bundle", *day, "-o", str(tmp_path / "bundle.zip"))
    assert (refused.code, f"cannot use {lock}" in refused.err) == (3, True)
    assert not (tmp_path / "bundle.zip").exists()


def test_a_copy_of_the_whole_home_is_refused_by_what_an_anchor_remembers(
    home: LiveHome, tmp_path: Path
) -> None:
    """Though nothing is new in it; the entry by which it goes on holds the checkpoint that the anchor has."""
    (tmp_path / "worm").mkdir()
    home.configure(f"{CONFIG}ledger: {{anchors: [{{file: {tmp_path}/worm, same_filesystem: true}}]}}\n")
    home.ask("ledger", "checkpoint")
    backup = files_of(home.root)
    home.ask("jobs", "disable", "nightly", "--reason", "test")
    last = home.ask("ledger", "checkpoint", "--json").document
    assert home.ask("ledger", "anchor").code == 0
    restore(home.root, backup)
    refused = home.ask("ledger", "checkpoint")
    assert (refused.code, "the anchor file" in refused.err) == (3, True)
    assert home.ask("ledger", "continue", "--reason", "restored").code == 0
    (entry,) = home.entries("ledger.continued")
    assert payload(entry).checkpoint == last["note"]
    assert home.ask("ledger", "checkpoint").code == 0


@pytest.mark.parametrize("command", [["checkpoint"], ["key", "show"], ["continue", "--reason", "x"]])
def test_without_a_key_it_is_said_how_to_make_one(tmp_path: Path, command: list[str]) -> None:
    """Nothing is written, no folder for keys either."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    home.ask("jobs", "disable", "nightly", "--reason", "test")
    before = files_of(home.root)
    answer = home.ask("ledger", *command)
    assert answer.code == 2
    assert "ledger key generate" in answer.err
    assert files_of(home.root) == before


def test_what_is_wrongly_asked_for_is_told(home: LiveHome, tmp_path: Path) -> None:
    """A public key where a file signs, a command without one, a file that is no checkpoint, a missing key."""
    assert home.ask("ledger", "key", "rotate", "--vkey", "nonsense").code == 2
    junk = tmp_path / "junk"
    junk.write_text("junk")
    assert home.ask("ledger", "continue", "--reason", "x", "--checkpoint", str(junk)).code == 2
    (home.root / "keys" / "signing-key").unlink()
    missing = home.ask("ledger", "checkpoint")
    assert (missing.code, "no private key" in missing.err) == (2, True)
    other = LiveHome(tmp_path / "other")
    other.configure(CONFIG)
    assert "--vkey is for a command" in other.ask("ledger", "key", "generate", "--vkey", "x").err
    other.configure(CONFIG + "ledger: {key: {command: [/bin/false]}}\n")
    assert "give its public key" in other.ask("ledger", "key", "generate").err


def test_status_tells_what_is_signed(home: LiveHome) -> None:
    """The key, whom it guards against, the newest checkpoint, how much is not signed, and what is wrong."""
    assert "nothing is signed yet" in home.ask("status").out
    size = home.ask("ledger", "checkpoint", "--json").document["size"]
    told = home.ask("status").out
    assert f"up to {size} entries" in told
    assert "nothing since" in told
    assert "not against jobs or the operator" in told
    document = home.ask("status", "--json").document["evidence"]
    assert document["signed"]["size"] == size
    assert (document["pending"], document["refused"], document["key_usable_by"]) == (0, None, "jobs")
    home.ask("jobs", "disable", "nightly", "--reason", "test")
    assert "1 entry since" in home.ask("status").out


def test_status_goes_by_the_config_in_force(home: LiveHome) -> None:
    """A mistaken edit does not make it look for the key elsewhere."""
    text = CONFIG + "ledger: {key: {file: elsewhere/key}}\n"
    home.configure(text)
    Home(home.root).config_in_force.write_text(text)
    home.configure("nonsense")
    assert "elsewhere/key" in home.ask("status").out
