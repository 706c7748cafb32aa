from __future__ import annotations

import hashlib
import hmac

from scheduler.configuration.load import parse
from scheduler.configuration.variables.environment import env_digest
from tests.scheduler.configuration.reading import PATH

RAW = b"defaults: {env: {B: first-secret}}\njobs: {a: {command: x, every: 5m, env: {A: second-secret}}}"


def test_digest_is_a_keyed_hash_of_name_and_value() -> None:
    """The digest is HMAC-SHA-256 over name, NUL, value, keyed with the salt, cut to 16 hex digits."""
    expected = hmac.new(b"salt", b"NAME\0value", hashlib.sha256).hexdigest()[:16]
    assert env_digest("NAME", "value", b"salt") == expected


def test_digest_tells_names_values_and_salts_apart() -> None:
    """Another name, value or salt gives another digest."""
    digests = {env_digest("A", "x"), env_digest("B", "x"), env_digest("A", "y"), env_digest("A", "x", b"s")}
    assert len(digests) == 4


def test_definitions_hold_digests_and_jobs_hold_values() -> None:
    """What is recorded has no value of a variable in it; what is executed has all, defaults included."""
    job = parse(RAW, PATH, salt=b"s").jobs["a"]
    assert job.env == {"A": "second-secret", "B": "first-secret"}
    assert job.definition.env == {
        "A": env_digest("A", "second-secret", b"s"),
        "B": env_digest("B", "first-secret", b"s"),
    }
    assert "-secret" not in repr(job.definition)
