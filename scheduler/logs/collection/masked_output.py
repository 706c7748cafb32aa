"""Output of a run on its way to people, byte for byte but for the secrets that its job names."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.configuration.load import load
from scheduler.configuration.model import WHATEVER_DAYS
from scheduler.configuration.variables.environment import env_digest
from scheduler.configuration.variables.kept_environments import kept_environments
from scheduler.configuration.variables.salt import has_salt, salt_of
from scheduler.configuration.variables.secret_values import named_secrets, value_of
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.logs.collection.secret_masking import MASK, Masker, names_a_secret, parts_of

_MASK: Final = MASK.encode()
_COMPARED_BYTES: Final = 16


class KnownSecrets(NamedTuple):
    """What must not be shown of a job's output.

    Attributes:
        forms: the values in each form in which they may be written, the longest first.
        unknown: why a value is not known, so that it is not masked; one line for each.
    """

    forms: list[bytes]
    unknown: list[str]


def names_secrets(definition: JobDefinition) -> bool:
    """Whether a job has secrets: `secrets`, secret parameters, or variables whose names say so."""
    return any(True for _ in named_secrets(definition)) or any(map(names_a_secret, definition.env))


def known_secrets(definition: JobDefinition, home: Home, environ: Mapping[str, str]) -> KnownSecrets:
    """The secrets that a job names, as they are now.

    Args:
        definition: of the job; home: the home; environ: of the process that starts its attempts.
    """
    values: set[str] = set()
    unknown: list[str] = []
    for what, secret in named_secrets(definition):
        try:
            values |= parts_of(value_of(secret, what, str(home.root), environ))
        except OSError as problem:
            unknown.append(problem.strerror or str(problem))
    if names := [name for name in definition.env if names_a_secret(name)]:
        environments = list(_environments(definition.name, home))
        salt = salt_of(home) if has_salt(home) else None
        for name in names:
            found = [env[name] for env in environments if name in env]
            values = values.union(*map(parts_of, found))
            wanted = definition.env[name]
            if not any(salt is None or env_digest(name, value, salt) == wanted for value in found):
                unknown.append(f"its variable {name} is in the config no more")
    forms = [form.encode("utf-8", "surrogateescape") for form in Masker(values).forms]
    return KnownSecrets(sorted(forms, key=len, reverse=True), unknown)


def _environments(job: str, home: Home) -> Iterator[Mapping[str, str]]:
    """The values of a job's variables, in the config and wherever else some definition of it may have had them."""
    for path in (home.config, home.config_in_force):
        with contextlib.suppress(ConfigInvalid, ConfigMissing, ConfigUnreadable):
            configured = load(path, home.root, slow=WHATEVER_DAYS).jobs.get(job)
            if configured is not None:
                yield configured.env
    yield from (kept.env for kept in kept_environments(home.environments) if kept.job == job)


class MaskedOutput:
    """One stream, chunk by chunk, in which `***` stands for each secret.

    Args:
        forms: what is masked, the longest first.

    Attributes:
        count: how often something was masked.
    """

    def __init__(self, forms: list[bytes]) -> None:
        self._forms = forms
        self._pattern = re.compile(b"|".join(map(re.escape, forms))) if forms else None
        self._held = b""
        self.count = 0

    def masked(self, chunk: bytes, *, last: bool = False) -> bytes:
        """What may be shown after the next bytes; what may begin a secret waits for more, unless they are the last.

        >>> output = MaskedOutput([b"hunter2"])
        >>> output.masked(b"it is hun"), output.masked(b"ter2, or hunt", last=True)
        (b'it is ', b'***, or hunt')
        """
        if self._pattern is None:
            return chunk
        data, at, shown = self._held + chunk, 0, []
        while True:
            end = len(data) if last else self._begun_at(data, at)
            found = self._pattern.search(data, at)
            if found is None or found.start() >= end:
                break
            shown += [data[at : found.start()], _MASK]
            self.count += 1
            at = found.end()
        self._held = data[end:]
        return b"".join([*shown, data[at:end]])

    def _begun_at(self, data: bytes, at: int) -> int:
        """Where the earliest secret begins that goes on behind the data; its end if none does."""
        first = len(data)
        for form in self._forms:
            begin = max(at, len(data) - len(form) + 1)
            while (begin := data.find(form[:1], begin, first)) >= 0:
                if form.startswith(data[begin : begin + _COMPARED_BYTES]) and form.startswith(data[begin:]):
                    first = begin
                    break
                begin += 1
        return first
