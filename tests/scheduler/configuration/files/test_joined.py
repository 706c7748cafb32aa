"""The files of a config as one text: nothing of them is lost, and no two configs have one text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.configuration.files.joined import ConfigFile, joined, split
from tests.support.examples import examples

HEADER = b"# cronledger: the next 3 bytes are config.yaml\n"
CONTENT = st.one_of(st.binary(max_size=80), st.sampled_from([HEADER, HEADER + b"abc\n", b"", b"\n"]))
NAMES = st.lists(
    st.from_regex(r"config\.d/[A-Za-z0-9_][A-Za-z0-9._-]{0,9}\.yaml", fullmatch=True), unique=True
)


@given(CONTENT, NAMES, st.data())
@settings(max_examples=examples(60))
def test_what_is_joined_is_split_again(main: bytes, names: list[str], data: st.DataObject) -> None:
    """Whatever the files hold, lines that look like those between them included; so the text says which they are."""
    files = [ConfigFile("", main), *(ConfigFile(name, data.draw(CONTENT)) for name in sorted(names))]
    assert split(joined(files)) == files


@given(CONTENT)
@settings(max_examples=examples(30))
def test_one_file_is_its_own_text(content: bytes) -> None:
    """Unless it begins as a text of several does: then it would be taken for one."""
    looks_like_several = content.startswith(b"# cronledger: the next ")
    assert (joined([ConfigFile("", content)]) == content) is not looks_like_several


@given(st.binary(max_size=60), st.binary(max_size=60))
@settings(max_examples=examples(60))
def test_any_bytes_are_split(before: bytes, behind: bytes) -> None:
    """Whoever wrote the copy: it is some files, or one."""
    assert split(before + HEADER + behind)
    assert split(HEADER + before)[0].name == ""


def test_damaged_text_is_one_file() -> None:
    """Names that are no parts, in no order, or twice; a length that is not so: nothing of it is taken for several."""
    whole = joined(
        [ConfigFile("", b"a"), ConfigFile("config.d/a.yaml", b"b"), ConfigFile("config.d/b.yaml", b"c")]
    )
    for old, new in (
        (b"config.d/b", b"config.d/a"),
        (b"config.d/b", b"config.d/A"),
        (b"config.d/a", b"config.d/../a"),
        (b"next 1 bytes are config.d", b"next 2 bytes are config.d"),
        (b"next 1 bytes are config.yaml", b"next 999999999 bytes are config.yaml"),
    ):
        damaged = whole.replace(old, new)
        assert damaged != whole
        assert split(damaged) == [ConfigFile("", damaged)]
