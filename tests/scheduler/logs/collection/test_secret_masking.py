from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.logs.collection.secret_masking import MASK, Masker, secrets_of, suspicious


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: ***"),
        ("curl -H 'authorization: Basic dXNlcjpwYXNz'", "curl -H 'authorization: ***'"),
        ("using bearer abcdefgh12345678 now", "using bearer *** now"),
        ("password=hunter2 next", "password=*** next"),
        ("DB_PASSWORD: 'two words' x", "DB_PASSWORD: *** x"),
        ('{"api_key": "k-123", "n": 1}', '{"api_key": ***, "n": 1}'),
        ("--password hunter2 --verbose", "--password *** --verbose"),
        ("--token=abc", "--token=***"),
        ("https://ann:hunter2@example.org/x", "https://ann:***@example.org/x"),
        ("postgres://u:p%40ss@db:5432/x", "postgres://u:***@db:5432/x"),
        ("key AKIAIOSFODNN7EXAMPLE used", "key *** used"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = ***"),
        ("token ghp_0123456789abcdefghijABCDEFGHIJ012345", "token ***"),
        ("xoxb-123456789012-abcdef", "***"),
        ("sk-proj-abcdefghijklmnopqrstuvwx", "***"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc", "***"),
        ("-----BEGIN RSA PRIVATE KEY-----", "***"),
        ("k: -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n", "k: ***"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, masked: str) -> None:
    """The usual forms of secrets are replaced, what stands around them stays; the quick look notices each."""
    assert Masker().text(text) == masked
    assert suspicious(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "copied 3 tables",
        "https://example.org/path?x=1",
        "mail to ann@example.org: sent",
        "the password was changed",
        "12:30:05 done",
        "tokens used by all jobs",
        "AKIA is a prefix",
        "passed=12 failed=0",
    ],
)
def test_everyday_lines_stay_as_they_are(text: str) -> None:
    """Nothing is masked that only reads a little like a secret."""
    assert Masker().text(text) == text


def test_the_values_of_an_environment_are_secrets_unless_they_are_trivial() -> None:
    """Short values, everyday words, small numbers, paths and locales are none, unless their name says otherwise."""
    env = {
        "TOKEN": "s3cr3tvalue", "PGHOST": "db.example.org", "DEBUG": "true", "STAGE": "production", "N": "4",
        "PORT": "5432", "DIR": "/var/lib/x", "LANG": "C.UTF-8", "PASSWORD": "production", "PIN": "12345",
        "KEY": "line one\nline two", "LONG": "4815162342",
    }  # fmt: skip
    assert secrets_of(env) == {
        "s3cr3tvalue", "db.example.org", "production", "12345", "line one\nline two", "line one", "line two",
        "4815162342",
    }  # fmt: skip


def test_values_that_contain_each_other_are_masked_whole() -> None:
    """The longest value is replaced first, so that no rest of it stays."""
    assert Masker(["hunter", "hunter2secret"]).text("x hunter2secret y hunter") == f"x {MASK} y {MASK}"


def test_fields_are_masked_by_their_names_and_their_text() -> None:
    """A member that is named like a secret has no value left, at any depth; others are looked through."""
    masked = Masker(["s3cr3tvalue"]).fields(
        {
            "password": {"note": "x"}, "db": {"api_key": 12, "url": "https://a:b@c"},
            "list": ["s3cr3tvalue", 1, None],
            "tokens": 3, "passed": 4, "key": "cache:7", "ok": True, "s3cr3tvalue": 1,
        }
    )  # fmt: skip
    assert masked == {
        "password": MASK, "db": {"api_key": MASK, "url": f"https://a:{MASK}@c"}, "list": [MASK, 1, None],
        "tokens": MASK, "passed": 4, "key": "cache:7", "ok": True, MASK: 1,
    }  # fmt: skip


@given(st.text(max_size=60), st.text(min_size=4, max_size=20), st.text(max_size=60))
def test_a_known_secret_never_stays(before: str, secret: str, after: str) -> None:
    """Wherever the value stands, it is gone afterwards (unless the mask itself spells it)."""
    if secret not in MASK * 3:
        masked = Masker([secret]).text(f"{before}{secret}{after}", patterns=False)
        assert secret not in masked.replace(MASK, "\0")


def test_a_secret_is_found_as_json_and_urls_write_it() -> None:
    """A value with quotes or other signs is masked in the forms in which programs print it."""
    masker = Masker(['pa"ss/w\u00f6rd'])
    for text in ('pa"ss/w\u00f6rd', r"pa\"ss/w\u00f6rd", 'pa\\"ss/w\\u00f6rd', "pa%22ss%2Fw%C3%B6rd"):
        assert masker.text(f"<{text}>") == f"<{MASK}>"
