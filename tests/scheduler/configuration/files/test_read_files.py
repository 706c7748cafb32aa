"""Which files beside a `config.yaml` are read, which are not, and which are refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.configuration.errors import ConfigMissing, ConfigUnreadable, ConfigUntrusted
from scheduler.configuration.files import part_names as names_module
from scheduler.configuration.files import read_files as files_module
from scheduler.configuration.files.half_written import may_be_half_written
from scheduler.configuration.files.part_names import folder_of
from scheduler.configuration.files.read_files import config_digest
from scheduler.configuration.home_config import config_stamp
from scheduler.configuration.load import load
from scheduler.home import Home
from scheduler.ownership.home_owner import user_name
from tests.support.home import make_home

STRANGER = 65_534
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def part(job: str) -> str:
    """A file with one job."""
    return f"jobs: {{{job}: {{command: x, every: 1h}}}}\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a job in `config.yaml` and one in a part."""
    home = make_home(tmp_path / "home", part("a"))
    folder_of(home.config).mkdir(mode=0o700)
    (folder_of(home.config) / "b.yaml").write_text(part("b"))
    return home


def jobs(home: Home) -> list[str]:
    """The jobs of its config."""
    return list(load(home.config, home.root).jobs)


def test_parts_are_read_in_the_order_of_their_names(home: Home) -> None:
    """By their bytes, as `LC_ALL=C ls` has them."""
    for name in ("a10", "a9", "Z", "_", "0.x"):
        (folder_of(home.config) / f"{name}.yaml").write_text(part(f"j{name}"))
    assert jobs(home) == ["a", "j0.x", "jZ", "j_", "ja10", "ja9", "b"]


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.yaml",
        "x.yaml~",
        "#x.yaml#",
        ".#x.yaml",
        ".x.yaml.swp",
        "x.yaml.bak",
        "x.yaml.dpkg-new",
        "x.yml",
        "README",
    ],
)
def test_what_editors_and_packages_leave_is_not_read(home: Home, name: str) -> None:
    """And changes nothing: no digest, no stamp."""
    before = config_digest(home.config), config_stamp(home)
    (folder_of(home.config) / name).write_text("{")
    (folder_of(home.config) / "folder").mkdir()
    assert jobs(home) == ["a", "b"]
    assert (config_digest(home.config), config_stamp(home)) == before


@pytest.mark.parametrize(
    "name", ["a b.yaml", "é.yaml", "-x.yaml", "x\n.yaml", "x" * 97 + ".yaml", "\udcff.yaml"]
)
def test_a_name_that_could_not_be_quoted_is_refused(home: Home, name: str) -> None:
    """Nobody would notice that the file is not read."""
    path = folder_of(home.config) / name
    path.write_text(part("c"))
    with pytest.raises(ConfigUnreadable, match="rename the file") as caught:
        jobs(home)
    assert caught.value.path == path


def fifo(path: Path) -> None:
    """A FIFO that nobody writes to."""
    os.mkfifo(path)


def loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path)


def dangling(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [fifo, loop, dangling, Path.mkdir])
def test_what_is_no_file_is_refused_at_once(home: Home, make: Callable[[Path], None]) -> None:
    """The file is named; nothing waits, and a stamp is taken all the same."""
    path = folder_of(home.config) / "c.yaml"
    before = config_stamp(home)
    make(path)
    with pytest.raises(ConfigUnreadable) as caught:
        jobs(home)
    assert caught.value.path == path
    assert config_stamp(home) != before


@pytest.mark.parametrize("make", [fifo, loop, dangling, Path.touch])
def test_so_is_what_is_no_folder(home: Home, make: Callable[[Path], None]) -> None:
    """A `config.d` that is something else is not taken for none."""
    folder = folder_of(home.config)
    (folder / "b.yaml").unlink()
    folder.rmdir()
    make(folder)
    with pytest.raises(ConfigUnreadable) as caught:
        jobs(home)
    assert caught.value.path == folder
    assert config_stamp(home) is not None


def test_links_are_followed(home: Home, tmp_path: Path) -> None:
    """As orchestrators lay out what they mount: files are links into a folder that is a link."""
    (tmp_path / "v1").mkdir(mode=0o700)
    (tmp_path / "v1" / "c.yaml").write_text(part("c"))
    folder = folder_of(home.config)
    (folder / "..data").symlink_to(tmp_path / "v1")
    (folder / "c.yaml").symlink_to("..data/c.yaml")
    assert jobs(home) == ["a", "b", "c"]
    (tmp_path / "v1").chmod(0o777)
    with pytest.raises(ConfigUntrusted, match="others can write"):
        jobs(home)


def test_a_folder_that_is_a_link_is_believed_as_far_as_where_it_leads(home: Home, tmp_path: Path) -> None:
    """Who can put another folder in its place can put any command there."""
    place = tmp_path / "open"
    place.mkdir(mode=0o700)
    folder_of(home.config).rename(place / "d")
    folder_of(home.config).symlink_to(place / "d")
    assert jobs(home) == ["a", "b"]
    place.chmod(0o777)
    with pytest.raises(ConfigUntrusted, match="others can write"):
        jobs(home)


@pytest.mark.parametrize("mode", [0o660, 0o602])
def test_a_part_that_others_can_write_is_refused(home: Home, mode: int) -> None:
    """The words name it and say what to do; once it is safe, who watches the config looks again."""
    path = folder_of(home.config) / "b.yaml"
    path.chmod(mode)
    before = config_stamp(home)
    with pytest.raises(ConfigUntrusted, match="`chmod go-w ") as caught:
        jobs(home)
    assert caught.value.path == path
    path.chmod(0o600)
    assert config_stamp(home) != before
    assert jobs(home) == ["a", "b"]


def test_so_is_their_folder(home: Home) -> None:
    """While there is something in it."""
    folder = folder_of(home.config)
    folder.chmod(0o777)
    before = config_stamp(home)
    with pytest.raises(ConfigUntrusted, match="others can write"):
        jobs(home)
    folder.chmod(0o700)
    assert config_stamp(home) != before


@NEEDS_ROOT
def test_a_part_of_somebody_else_is_refused(home: Home) -> None:
    """Neither the home's owner nor root owns it."""
    os.chown(folder_of(home.config) / "b.yaml", STRANGER, STRANGER)
    with pytest.raises(ConfigUntrusted, match="belongs to"):
        jobs(home)


@NEEDS_ROOT
@pytest.mark.parametrize("theirs", ["config.d", "config.d/b.yaml", "."])
def test_an_edit_was_asked_for_by_whoever_could_have_made_it(home: Home, theirs: str) -> None:
    """Where not all of the config is root's, that is the home's owner: who owns a folder can take a part away."""
    os.chown(home.root, STRANGER, STRANGER)
    assert load(home.config, home.root).owner == "root"
    os.chown(home.config.parent / theirs, STRANGER, STRANGER)
    assert load(home.config, home.root).owner == user_name(STRANGER)
    shutil.rmtree(folder_of(home.config))
    assert load(home.config, home.root).owner == "root"


def test_there_are_bounds(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of how many files there are, how many names, and how long all are together; each names what is too much."""
    folder = folder_of(home.config)
    (folder / "c.yaml").write_text(part("c"))
    with monkeypatch.context() as patch:
        patch.setattr(names_module, "PARTS_MAX", 1)
        with pytest.raises(ConfigUnreadable, match="there are 2 files: 1 is the most"):
            jobs(home)
    with monkeypatch.context() as patch:
        patch.setattr(names_module, "ENTRIES_MAX", 1)
        with pytest.raises(ConfigUnreadable, match="more than 1 files"):
            jobs(home)
    with monkeypatch.context() as patch:
        patch.setattr(files_module, "FILES_BYTES_MAX", 2 * len(part("a")) + 1)
        with pytest.raises(ConfigUnreadable, match="with this file the config is larger") as caught:
            jobs(home)
        assert caught.value.path == folder / "c.yaml"


def test_a_part_that_is_taken_away_meanwhile_is_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is listed again; one in which that never ends is given up."""
    folder, listed = folder_of(home.config), names_module.part_names
    gone = [["b.yaml", "gone.yaml"], ["b.yaml", "other.yaml"]]
    monkeypatch.setattr(files_module, "part_names", lambda path: gone.pop() if gone else listed(path))
    assert jobs(home) == ["a", "b"]
    monkeypatch.setattr(files_module, "part_names", lambda path: ["gone.yaml"])
    with pytest.raises(ConfigUnreadable, match="faster than they can be read") as caught:
        jobs(home)
    assert caught.value.path == folder


def test_parts_alone_are_no_config(home: Home) -> None:
    """What applies to all jobs stands in `config.yaml`."""
    home.config.unlink()
    with pytest.raises(ConfigMissing):
        jobs(home)
    assert config_stamp(home) is None


def test_a_part_may_be_half_written(home: Home) -> None:
    """As `config.yaml` may: its last line has no end."""
    assert not may_be_half_written(home)
    (folder_of(home.config) / "b.yaml").write_text(part("b").rstrip())
    assert may_be_half_written(home)


def test_the_digest_covers_all_files(home: Home) -> None:
    """Their names too, and nothing else; it is the one that reading them gives."""
    folder, seen = folder_of(home.config), set()
    for change in (
        lambda: None,
        lambda: (folder / "b.yaml").write_text(part("c")),
        lambda: (folder / "b.yaml").rename(folder / "c.yaml"),
        (folder / "d.yaml").touch,
        lambda: home.config.write_text(part("b")),
    ):
        change()
        digest = config_digest(home.config)
        assert digest == load(home.config, home.root).digest
        seen.add(digest)
    assert len(seen) == 5
