"""The anchors of a home: they hold up no signing, remember for a signer that was restored, and are caught up."""

from __future__ import annotations

import shutil
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventstore.proofs import kept_checkpoints
from eventstore.proofs.notes.checkpoint import origin_hash
from scheduler import vocabulary as v
from scheduler.evidence.anchors.anchoring import has_pending
from scheduler.evidence.anchors.settings import AnchorSettings
from scheduler.evidence.follower import Follower
from tests.support.command import call
from tests.support.home import write_config
from tests.support.keyed_home import KeyedHome
from tests.support.receiver import Receiver, always
from tests.support.served import Served
from tests.support.witness_server import COSIGNER, WitnessServer


def config(*anchors: str) -> str:
    """A config with these anchors."""
    lines = "".join(f"\n    - {each}" for each in anchors)
    return f"jobs: {{}}\nledger:\n  checkpoint: {{entries: 3, interval: 1h}}\n  anchors:{lines}\n"


def keyed(root: Path, *anchors: str) -> KeyedHome:
    """A home with a key and anchors."""
    home = KeyedHome(root)
    home.create_key()
    write_config(root, config(*anchors))
    return home


def witnessed(path: Path, home: KeyedHome) -> WitnessServer:
    """A witness that trusts a home's key."""
    key = v.payload(home.entries(v.KeyCreated.TYPE)[0]).vkey
    assert call("witness", "trust", key, "--state", str(path)).code == 0
    return WitnessServer(path)


def test_a_restored_home_is_not_signed_again(tmp_path: Path) -> None:
    """Its signer remembers what its copy does; the witness remembers more, and the reason is recorded."""
    with Receiver(always(500)) as receiver:
        home = keyed(tmp_path / "home", f"{{witness: '{receiver.url}', key: {COSIGNER.verifier_key.text}}}")
        receiver.behaviour = witnessed(tmp_path / "w", home).answer
        follower = Follower(home.home)
        assert follower.turn()
        follower.deliver()
        shutil.copytree(home.home.root, tmp_path / "copy")
        home.record(3)
        assert any(follower.turn() for _ in range(2))
        follower.deliver()
        newest = kept_checkpoints.newest(home.home.ledger)
        assert newest is not None
        assert [each.name for each in newest.note.signatures][1:] == [COSIGNER.verifier_key.name]

        copy = KeyedHome(tmp_path / "copy")
        restored = Follower(copy.home)
        copy.record(9)
        assert not restored.turn()
        (refused,) = copy.entries(v.CheckpointRefused.TYPE)
        assert f"the anchor witness {receiver.url} remembers" in v.payload(refused).reason
        # Whoever cannot ask the witness does sign, and gets no cosignature: the witness remembers more.
        receiver.behaviour = always(503)
        write_config(
            copy.home.root, config(f"{{witness: '{receiver.url}/x', key: {COSIGNER.verifier_key.text}}}")
        )
        assert any(restored.turn() for _ in range(2))
        receiver.behaviour = witnessed(tmp_path / "w", home).answer
        restored.deliver()
        (failed,) = copy.entries(v.CheckpointAnchorFailed.TYPE)
        assert "does not extend what it cosigned" in v.payload(failed).error


def test_an_anchor_that_hangs_holds_up_no_signing(tmp_path: Path) -> None:
    """It is signed without what that anchor remembers, and the other one gets its checkpoint."""
    worm = tmp_path / "worm"
    worm.mkdir()
    with Receiver(always(wait=threading.Event())) as receiver:
        home = keyed(
            tmp_path / "home",
            f"{{file: {worm}, same_filesystem: true}}",
            f"{{webhook: '{receiver.url}'}}",
        )
        follower = Follower(home.home)
        assert follower.turn()
        delivery = threading.Thread(target=follower.deliver, daemon=True)
        delivery.start()
        home.record(3)
        assert any(follower.turn() for _ in range(2))
    assert home.check() == [2, 6]


def test_nothing_is_opened_when_nothing_is_pending(tmp_path: Path) -> None:
    """A look at small files tells: before a checkpoint, with it, when all have it, when one lacks it."""
    worm, now = tmp_path / "worm", datetime.now(UTC)
    worm.mkdir()
    home = keyed(tmp_path / "home", f"{{file: {worm}, same_filesystem: true}}")
    anchor = AnchorSettings(kind="file", target=str(worm), same_filesystem=True)
    missing = AnchorSettings(kind="file", target=str(tmp_path / "none"))
    assert not has_pending(home.home, [anchor], now)
    follower = Follower(home.home)
    follower.turn()
    assert has_pending(home.home, [anchor], now)
    assert not has_pending(home.home, [], now)
    follower.deliver()
    assert not has_pending(home.home, [anchor], now)
    assert has_pending(home.home, [anchor, missing], now)


def test_after_a_restore_the_anchors_begin_anew(tmp_path: Path) -> None:
    """Under another name: each gets the first checkpoint of that name, and what it had before is not told of it."""
    worm = tmp_path / "worm"
    worm.mkdir()
    home = keyed(tmp_path / "home", f"{{file: {worm}, same_filesystem: true}}")
    follower = Follower(home.home)
    home.record(9)
    follower.turn()
    follower.deliver()
    assert call("ledger", "continue", "--reason", "test", home=home.home.root).code == 0
    follower = Follower(home.home)
    assert any(follower.turn() for _ in range(2))
    follower.deliver()
    sizes = [v.payload(each).size for each in home.entries(v.CheckpointAnchored.TYPE)]
    assert len(sizes) == 2
    assert len(list(worm.iterdir())) == 2
    origin = v.payload(home.entries(v.LedgerContinued.TYPE)[0]).origin
    assert (worm / origin_hash(origin) / f"{sizes[1]:020d}").exists()


def test_status_tells_of_the_anchors(tmp_path: Path) -> None:
    """How far each is, that one fails and why, that one has none yet; and that there is none."""
    worm = tmp_path / "worm"
    worm.mkdir()
    with Receiver(always(500)) as receiver:
        home = keyed(
            tmp_path / "home",
            f"{{file: {worm}, same_filesystem: true}}",
            f"{{webhook: '{receiver.url}/secret'}}",
        )
        root = home.home.root
        assert call("status", home=root).out.count("has none yet") == 2
        follower = Follower(home.home)
        follower.turn()
        follower.deliver()
        told = call("status", home=root).out
        assert "up to 2 entries" in told.partition("anchors:")[2]
        assert "takes none since" in told
        assert "it answered 500" in told
        assert "secret" not in told
        document = call("status", "--json", home=root).document["evidence"]["anchors"]
        assert [(each["size"], each["error"]) for each in document] == [(2, None), (0, "it answered 500")]
        write_config(root, "jobs: {}\n")
        assert "nothing elsewhere remembers this ledger" in call("status", home=root).out


@pytest.mark.long
def test_a_scheduler_has_its_checkpoints_anchored(tmp_path: Path) -> None:
    """While it serves and behind its stop: the last checkpoint is in the folder too."""
    worm = tmp_path / "worm"
    worm.mkdir()
    home = keyed(tmp_path / "home", f"{{file: {worm}, same_filesystem: true}}")
    with Served(home.home.root) as served:
        served.wait_for(v.CheckpointAnchored)
        served.stop(signal.SIGTERM)
    sizes = home.check()
    origin = v.payload(home.entries(v.KeyCreated.TYPE)[0]).origin
    kept = sorted(path.name for path in (worm / origin_hash(origin)).iterdir())
    assert kept[-1] == f"{sizes[-1]:020d}"
    assert v.payload(home.entries(v.CheckpointAnchored.TYPE)[-1]).size == sizes[-1]
