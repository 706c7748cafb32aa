"""Secrets are replaced by `***` before anything is stored.

There are two kinds: the values that a job's `env:` has in the config, and text that looks like a secret wherever it
stands. In doubt, text is masked. The captured output itself stays unmasked, and only its owner can read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

MASK: Final = "***"
WITHHELD: Final = f"{MASK} (withheld: a secret of this job could not be read when this was collected)"
VALUE_CHARACTERS_MIN: Final = 4
"""Shorter values of variables are not looked for: they would be found in nearly every line."""

_TRIVIAL: Final = frozenset(
    [
        "true",
        "false",
        "none",
        "null",
        "yes",
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "critical",
        "trace",
        "production",
        "prod",
        "development",
        "staging",
        "test",
        "testing",
        "local",
        "localhost",
        "default",
        "utf-8",
        "utf8",
        "c.utf-8",
        "en_us.utf-8",
        "posix",
        "root",
        "admin",
        "user",
        "postgres",
        "public",
        "main",
        "master",
        "daily",
        "hourly",
        "weekly",
        "enabled",
        "disabled",
        "auto",
        "always",
        "never",
        "europe/paris",
    ]
)
_PLAIN: Final = re.compile(r"[0-9]{1,5}|(?:/|\./|~/)[\w./:~+-]*|[a-z]{2}_[A-Z]{2}(?:\.[\w-]+)?")
_TELLING: Final = (
    r"(?i)pass(?!ive|age|enger|es$|ed$)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|"
    r"(?:^|[_-])(?:auth|authorization|cookie|dsn)$"
)
_SECRET_FIELD: Final = re.compile(_TELLING)
_SECRET_NAME: Final = re.compile(_TELLING + r"|(?:^|[_-])(?:key|pin)$")
"""Names of variables with secret values: `DEPLOY_KEY` is one, but a log line's field `key` is mostly a cache key."""

_NAMED: Final = (
    r"[\w.-]{0,40}(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|credentials?)"
)
_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(?i)(\b(?:authorization|proxy-authorization|cookie|set-cookie)\b[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n]+"),
     rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}"), rf"\1\2{MASK}"),
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@?#\"']{0,200}):[^\s/\"']{1,400}@"), rf"\1:{MASK}@"),
    (re.compile(rf"(?i)(\b{_NAMED}\b[\"']?\s{{0,4}}(?:=|:|=>)\s{{0,4}})(\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^\s,;&\"']+)"),
     rf"\1{MASK}"),
    (re.compile(rf"(?i)(--?{_NAMED}\s+)(?!-)\S+"), rf"\1{MASK}"),
    (re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b"), MASK),
    (re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,})"), MASK),
    (re.compile(r"\bxox[abeoprs]-[\w-]{10,}"), MASK),
    (re.compile(r"\b(?:sk|rk|pk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{20,}"), MASK),
    (re.compile(r"\bAIza[\w-]{30,}"), MASK),
    (re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"), MASK),
    (re.compile(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY.*"), MASK),
)  # fmt: skip
_HINTS: Final = (
    b"auth", b"cookie", b"bearer", b"basic", b"://", b"pass", b"pwd", b"secret", b"token", b"key", b"credential",
    b"akia", b"asia", b"aroa", b"aida", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-",
    b"xox", b"sk-", b"sk_", b"rk-", b"rk_", b"pk-", b"pk_", b"aiza", b"eyj",
)  # fmt: skip
KEY_BEGINS: Final = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY")
KEY_ENDS: Final = re.compile(rb"-----END [A-Z ]*PRIVATE KEY")


def names_a_secret(name: str) -> bool:
    """Whether the name of a variable says that its value is a secret."""
    return _SECRET_NAME.search(name) is not None


def secrets_of(env: Mapping[str, str]) -> set[str]:
    """The values of an environment that must not be shown; of a value with several lines, each line too.

    A value shorter than four characters is no secret. Neither is an everyday word, a small number, a path or a
    locale, unless the name of its variable suggests a secret.
    """
    found: set[str] = set()
    for name, value in env.items():
        named = names_a_secret(name)
        for part in {value, *value.splitlines()}:
            part = part.strip()
            if len(part) < VALUE_CHARACTERS_MIN:
                continue
            if named or not (part.lower() in _TRIVIAL or _PLAIN.fullmatch(part)):
                found.add(part)
    return found


def parts_of(secret: str) -> set[str]:
    """What must not be shown of a value that is a secret for certain: the value, and each line of it."""
    parts = {part.strip() for part in (secret, *secret.splitlines())}
    return {part for part in parts if len(part) >= VALUE_CHARACTERS_MIN}


def suspicious(block: bytes) -> bool:
    """Whether any line of a block may hold something that looks like a secret: a quick look at many lines."""
    folded = block.lower()
    return any(hint in folded for hint in _HINTS)


def _written_forms(value: str) -> set[str]:
    """A value as it is, as it is written in JSON, and as it is written in a URL."""
    written = {json.dumps(value, ensure_ascii=only_ascii)[1:-1] for only_ascii in (True, False)}
    return {value, quote(value, safe="", errors="surrogateescape"), *written}


class Masker:
    """Masks the text of one job: `secrets` wherever they stand, and text that looks like a secret.

    Args:
        secrets: the values that are known.
        withholds: a value that the job may print is not known, so that nothing that it prints is shown.
    """

    def __init__(self, secrets: Iterable[str] = (), *, withholds: bool = False) -> None:
        self.withholds = withholds
        # The longest come first, because one value may be the beginning of another.
        forms = {form for value in secrets for form in _written_forms(value)}
        self._secrets = sorted(forms, key=lambda value: (-len(value), value))

    @property
    def forms(self) -> list[str]:
        """What is looked for: the values in each form in which they may be written, the longest first."""
        return self._secrets

    @property
    def knows_nothing(self) -> bool:
        """Whether no values are known, so that only patterns are looked for."""
        return not self._secrets

    def text(self, text: str, *, patterns: bool = True) -> str:
        """The text without secrets; with `patterns`, text that looks like a secret is masked too."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        if patterns:
            for pattern, instead in _PATTERNS:
                text = pattern.sub(instead, text)
        return text

    def without_half_a_secret(self, text: str) -> str:
        """The text of a line that was cut; its end is masked if it is the beginning of a secret."""
        for secret in self._secrets:
            for characters in range(len(secret) - 1, VALUE_CHARACTERS_MIN - 1, -1):
                if text.endswith(secret[:characters]):
                    return text[:-characters] + MASK
        return text

    def fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The members of a JSON line without secrets; a member whose name suggests a secret is masked whole."""
        return {self.text(name): self._value(value, name) for name, value in fields.items()}

    def _value(self, value: Any, name: str = "") -> Any:
        if value is None or isinstance(value, bool):
            return value
        if name and _SECRET_FIELD.search(name):
            return MASK
        if isinstance(value, dict):
            return self.fields(value)
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, str):
            return self.text(value)
        return MASK if str(value) in self._secrets else value
