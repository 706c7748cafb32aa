from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.evidence.bundle.make import VERIFIER, verifier_sha256
from scheduler.definition import JobDefinition, Secret
from tests.support.bundles import KEY, WITNESS_KEY, SignedHome, entries_in, members_of, verified
from tests.support.command import call
from tests.support.home import flip_a_bit
from tests.support.output import HandWritten
from tests.support.signed_ledger import lines_of

DAY = ("--from", "2026-11-23", "--to", "2026-12-01")


@pytest.fixture
def home(tmp_path: Path) -> SignedHome:
    """A home with some runs of two jobs, and signed checkpoints between them."""
    home = SignedHome(tmp_path / "home")
    for job in ("nightly", "weekly", "nightly"):
        home.run(job)
        home.sign(cosigned=job == "weekly")
    home.wait(days=1)
    home.run("weekly")
    return home


def test_a_bundle_holds_all_entries_of_a_time_as_they_stand_in_the_ledger(home: SignedHome) -> None:
    """They are those of the ledger, byte for byte, and whoever has the key finds that nothing was left out."""
    size = home.sign(cosigned=True)
    path = home.bundle()
    assert entries_in(path) == home.lines
    code, said = verified(path, "--key", KEY, "--witness", WITNESS_KEY)
    assert (code, f"{size} entries, 0 " in said, "between them none left out" in said) == (0, True, True)
    assert "0 of them are newer" in said
    assert "VERIFIED" in said


def test_without_a_key_from_elsewhere_it_is_only_consistent_with_itself(home: SignedHome) -> None:
    """The keys that came with it are told to be those, and nothing is called verified."""
    code, said = verified(home.bundle())
    assert (code, "CONSISTENT WITH ITSELF" in said, "VERIFIED" in said) == (0, True, False)
    assert "whose key came with the bundle" in said


def test_the_key_of_somebody_else_verifies_nothing(home: SignedHome) -> None:
    """A key, or a witness, that has signed none of the checkpoints is a failure."""
    from eventstore.proofs.notes.signing import Cosigner, Signer

    path = home.bundle()
    for option, key in (
        ("--key", Signer("cronledger/test", b"\2" * 32).verifier_key.text),
        ("--witness", Cosigner("witness.example/w", b"\3" * 32).verifier_key.text),
    ):
        assert verified(path, option, key)[0] == 1
    assert verified(path, "--key", "nonsense")[0] == 1
    assert verified(path, "--key")[0] == verified(path, "--keys", KEY)[0] == 2


def test_a_range_is_signed_at_both_of_its_ends(home: SignedHome) -> None:
    """It begins where a checkpoint ends, shows the entries on either side, and is covered by a later checkpoint."""
    before = home.sign()
    home.run()
    home.wait(days=1)
    home.run()
    home.wait(days=1)
    after = home.run()
    covered = home.sign()
    home.wait(days=30)
    home.run()
    path = home.home.root.parent / "range.zip"
    answer = home.ask("--from", "2026-11-25T00:00", "--to", "2026-11-26T00:00", "-o", str(path), "--json")
    assert answer.document["first"] == before
    assert answer.document["last"] == after
    assert (answer.document["checkpoint"], answer.document["uncovered"]) == (covered, 0)
    assert entries_in(path) == home.lines[before : after + 1]
    code, said = verified(path, "--key", KEY)
    assert (code, "none left out" in said) == (0, True)
    assert f"checkpoint of the entries 0 to {before - 1} of" in said


def test_what_no_checkpoint_covers_is_said(home: SignedHome) -> None:
    """By the command, on the first page and by the verifier."""
    path = home.home.root.parent / "b.zip"
    answer = home.ask(*DAY, "-o", str(path))
    assert (answer.code, "No signed checkpoint covers 3 entries of it" in answer.err) == (0, True)
    assert "3 entries are covered by no checkpoint" in members_of(path)["README.txt"].decode()
    assert "3 of them are newer" in verified(path, "--key", KEY)[1]


def test_a_checkpoint_is_signed_first(tmp_path: Path) -> None:
    """If there is a key and none covers all that is asked for; then it does, and the next bundle needs none."""
    home = HandWritten(tmp_path / "home")
    home.define("nightly")
    made = call("ledger", "key", "generate", home=home.home.root)
    assert made.code == 0, made
    run = home.begin()
    home.end(run)
    path = tmp_path / "b.zip"
    options = ("--from", "2026-11-23", "--to", "2027-11-23", "-o", str(path), "--force", "--json")
    answers = [call("audit", "bundle", *options, home=home.home.root) for _ in range(2)]
    assert [answer.code for answer in answers] == [0, 0], answers
    (key,) = answers[0].document["keys"]
    assert answers[0].document == answers[1].document
    assert answers[0].document["uncovered"] == 0
    assert verified(path, "--key", key)[0] == 0
    assert sum(b'"checkpoint.signed"' in line for line in lines_of(home.home.ledger)) == 1


def test_a_key_that_was_rotated(tmp_path: Path) -> None:
    """What the key of before signed it still vouches for; what came since, the new one."""
    home = HandWritten(tmp_path / "home")
    home.define("nightly")

    def asked(*words: str) -> str:
        answer = call(*words, home=home.home.root)
        assert answer.code == 0, answer
        return answer.out

    path, keys = tmp_path / "b.zip", list[str]()
    for step in ("generate", "rotate"):
        asked("ledger", "key", step)
        keys.append(json.loads(asked("ledger", "key", "show", "--json"))["vkey"])
        home.end(home.begin())
        asked("ledger", "checkpoint")
    asked("audit", "bundle", "--from", "2026-11-23", "--to", "2027-11-23", "-o", str(path))
    for given, newer in ((keys[:1], True), (keys[1:], False), (keys, False)):
        code, said = verified(path, *(word for key in given for word in ("--key", key)))
        assert (code, "\n0 of them are newer" in said) == (0, not newer), said


def test_a_key_that_cannot_be_used_is_told(home: SignedHome, tmp_path: Path) -> None:
    """The bundle is made nevertheless, and says how many entries no checkpoint covers."""
    answer = home.ask(*DAY, "-o", str(tmp_path / "b.zip"))
    assert (answer.code, "nothing was signed" in answer.err) == (0, True)


def test_a_bundle_of_one_job_says_that_it_does_not_show_all(home: SignedHome) -> None:
    """It holds the job's entries, entry 0 and the definition; the first page says what that does not prove."""
    home.sign()
    path = home.bundle("--job", "weekly")
    held = [json.loads(line) for line in entries_in(path)]
    assert held[0]["seq"] == 0
    assert {each["job"] for each in held[1:]} == {"weekly"}
    assert [each["seq"] for each in held[1:]] == [
        each["seq"] for each in map(json.loads, home.lines) if each.get("job") == "weekly"
    ]
    code, said = verified(path, "--key", KEY)
    assert (code, "others, which were left out" in said) == (0, True)
    page = members_of(path)["README.txt"].decode()
    assert "That nothing was left out. It holds the entries about one job" in page
    assert "it holds every entry" not in page


def test_a_job_of_which_nothing_is_recorded_has_no_bundle(home: SignedHome, tmp_path: Path) -> None:
    """It is said, and nothing is written."""
    answer = home.ask(*DAY, "--job", "monthly", "-o", str(tmp_path / "b.zip"))
    assert (answer.code, "monthly" in answer.err) == (2, True)
    assert not (tmp_path / "b.zip").exists()


def test_the_same_question_has_the_same_bytes(home: SignedHome) -> None:
    """Two people who ask the same of the same ledger can compare digests."""
    home.sign()
    assert home.bundle(name="a.zip").read_bytes() == home.bundle(name="b.zip").read_bytes()


def test_a_time_at_which_nothing_happened_is_shown_by_the_entries_around_it(home: SignedHome) -> None:
    """The last entry before it and the first after it are there: nothing can have been between them."""
    path = home.home.root.parent / "b.zip"
    answer = home.ask("--from", "2026-11-23T20:00", "--to", "2026-11-24T02:00", "-o", str(path), "--json")
    times = [json.loads(line)["time"] for line in entries_in(path)]
    assert answer.code == 0
    assert times[-2] < "2026-11-23T20:00" < "2026-11-24T02:00" < times[-1]


def test_captured_output_is_there_if_it_is_what_the_ledger_says(home: SignedHome) -> None:
    """The verifier compares it with the digest in the entry; what was altered or deleted is left out, and why."""
    altered, deleted, sound = home.run(), home.run(), home.run(printed=b"sound\n")
    home.path(altered).write_bytes(b"Done\n")
    home.path(deleted).unlink()
    members = members_of(home.bundle())
    assert members[f"output/{sound}-1.stdout"] == b"sound\n"
    assert f"output/{altered}-1.stdout" not in members
    told = members["output.txt"].decode()
    assert f"output/{altered}-1.stdout: left out, for it is not what the run printed: its SHA-256" in told
    assert f"output/{deleted}-1.stdout: not there any more" in told
    assert not any(
        name.startswith("output/") for name in members_of(home.bundle("--no-captured-output", "--force"))
    )


def test_secrets_are_masked_in_captured_output(home: SignedHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """`***` stands for each; a secret that cannot be read keeps the output out."""

    def named(job: str, variable: str) -> JobDefinition:
        return JobDefinition(
            name=job, command="true", schedule="0 2 * * *", secrets={"PW": Secret(env=variable)}
        )

    monkeypatch.setenv("THE_SECRET", "hunter2")
    home.define("known", named("known", "THE_SECRET"))
    home.define("unknown", named("unknown", "NO_SUCH_VARIABLE"))
    shown, clean = home.run("known", b"it is hunter2\n"), home.run("known", b"nothing\n")
    unknown = home.run("unknown", b"it is hunter3\n")
    path = home.bundle()
    members = members_of(path)
    assert members[f"output/{shown}-1.stdout.masked"] == b"it is ***\n"
    assert members[f"output/{clean}-1.stdout"] == b"nothing\n"
    assert not any(b"hunter" in content for content in members.values())
    told = members["output.txt"].decode()
    assert f"output/{shown}-1.stdout: *** stands for 1 secret" in told
    assert f"output/{unknown}-1.stdout: left out: the secrets" in told
    assert verified(path, "--key", KEY)[0] == 0


def test_a_copy_of_a_ledger_has_bundles_too(home: SignedHome) -> None:
    """Without captured output, which is not in the ledger; nothing is written there."""
    import shutil

    copy = home.home.root.parent / "copy"
    shutil.copytree(home.home.ledger, copy)
    before = sorted(copy.rglob("*"))
    path = home.bundle("--ledger", str(copy))
    assert entries_in(path) == home.lines
    assert sorted(copy.rglob("*")) == before
    assert not any(name.startswith("output") for name in members_of(path))


def test_a_damaged_ledger_gives_no_bundle(home: SignedHome, tmp_path: Path) -> None:
    """Nor does one that has another root than a checkpoint of it that is kept; nothing is left of the file."""
    from eventstore.proofs.kept_checkpoints import keep
    from tests.support.bundles import signed_note

    path = tmp_path / "b.zip"
    keep(home.home.ledger, signed_note([*home.lines[:3], b"something else"]).raw)
    answer = home.ask(*DAY, "-o", str(path))
    assert (answer.code, path.exists()) == (3, False)
    flip_a_bit(home.home)
    assert (home.ask(*DAY, "-o", str(path)).code, path.exists()) == (3, False)


def test_what_is_kept_in_place_of_a_checkpoint_gives_no_bundle(home: SignedHome, tmp_path: Path) -> None:
    """Something else than a checkpoint, one of another size, or a link to somewhere else."""
    path, size = tmp_path / "b.zip", home.sign()
    kept = next(each for each in (home.home.ledger / "checkpoints").rglob(f"{size:020}"))
    sound = kept.read_bytes()
    for content in (b"", b"nonsense\n", sound.replace(b"\n%d\n" % size, b"\n%d\n" % (size - 1))):
        kept.write_bytes(content)
        assert (home.ask(*DAY, "-o", str(path)).code, path.exists()) == (3, False)
    kept.unlink()
    (tmp_path / "elsewhere").write_bytes(sound)
    kept.symlink_to(tmp_path / "elsewhere")
    assert (home.ask(*DAY, "-o", str(path)).code, path.exists()) == (3, False)


def test_the_range_must_be_one(home: SignedHome, tmp_path: Path) -> None:
    """And no file is replaced without --force."""
    path = tmp_path / "b.zip"
    assert home.ask("--from", "2026-11-24", "--to", "2026-11-23", "-o", str(path)).code == 2
    path.write_bytes(b"precious")
    assert home.ask(*DAY, "-o", str(path)).code == 2
    assert path.read_bytes() == b"precious"


def test_the_audit_report_is_there_for_reading(home: SignedHome) -> None:
    """Labelled as what it is; altered with care it is not noticed, and nothing else said so."""
    home.sign()
    path = home.bundle()
    members = members_of(path)
    label = "derived from the entries"
    assert label in members["report.txt"].decode().partition("\n\n")[0]
    assert label in " ".join(members["report.html"].decode().split())
    assert "nightly" in members["report.txt"].decode()
    assert "report.html, report.txt, entries.txt and this page are derived" in " ".join(
        members["README.txt"].decode().split()
    )


def test_the_verifier_is_the_one_whose_digest_is_printed(home: SignedHome) -> None:
    """The bundle's copy, the installed file, what the command says and what the page says are the same."""
    members = members_of(home.bundle())
    assert members["verify.py"] == VERIFIER.read_bytes()
    page = (Path(__file__).parents[4] / "docs" / "audit-bundle.md").read_text()
    assert verifier_sha256() in page
    assert verifier_sha256() in " ".join(members["README.txt"].decode().split())
