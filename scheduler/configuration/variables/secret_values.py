"""The values of secrets, read from files or variables when an attempt starts, and to mask them; never recorded."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from typing import Final

from scheduler.definition import JobDefinition, Secret

SECRET_BYTES_MAX: Final = 64 * 1024
_OTHERS = stat.S_IROTH | stat.S_IWOTH


def environment(definition: JobDefinition, home: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables in which an attempt gets the job's `secrets`, as they are now.

    Args:
        definition: of the job; home: to which paths of files are relative; environ: of this process.

    Raises:
        OSError: one of them cannot be read; the message names it and never its value.
    """
    return {
        name: value_of(secret, f"its secret {name}", home, environ, private=True)
        for name, secret in definition.secrets.items()
    }


def named_secrets(definition: JobDefinition) -> Iterator[tuple[str, Secret]]:
    """All that a job names as secret, `secrets` and secret parameters: what each is called, and where it is read."""
    for name, secret in definition.secrets.items():
        yield f"its secret {name}", secret
    for name, parameter in definition.params.items():
        if parameter.secret:
            yield f"its parameter {name}", Secret(file=parameter.file, env=parameter.env)


def value_of(
    secret: Secret, what: str, home: str, environ: Mapping[str, str], *, private: bool = False
) -> str:
    """The value of a secret, as it is now; the line break at the end of a file does not count.

    Args:
        secret: where it is read; what: what it is called in messages.
        home: to which paths of files are relative; environ: of this process.
        private: a file that others can read or write is refused.

    Raises:
        OSError: it cannot be read.
    """
    if secret.file is None:
        value = environ.get(secret.env or "")
        if value is None:
            raise OSError(2, f"{what}: there is no variable {secret.env} in the environment")
        return value
    path = os.path.join(home, secret.file)
    try:
        value = os.fsdecode(_read(path, private=private)).removesuffix("\n").removesuffix("\r")
    except OSError as error:
        why = error.strerror or str(error)
        raise OSError(error.errno or 5, f"{what} cannot be read from {path}: {why}") from None
    if "\0" in value:
        raise OSError(22, f"{what}, read from {path}, holds a NUL character")
    return value


def _read(path: str, *, private: bool) -> bytes:
    # The config names the file, so a link is followed; a pipe must not hold anything up.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(22, "it is not a regular file")
        if private and found.st_mode & _OTHERS:
            does = "read" if found.st_mode & stat.S_IROTH else "write"
            raise OSError(1, f"others can {does} it: `chmod o-rw {shlex.quote(path)}`")
        raw = os.read(descriptor, SECRET_BYTES_MAX + 1)
        if len(raw) > SECRET_BYTES_MAX:
            raise OSError(27, f"it is longer than {SECRET_BYTES_MAX:,} bytes")
        return raw
    finally:
        os.close(descriptor)
