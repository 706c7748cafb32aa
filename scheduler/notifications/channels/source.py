"""Values of a channel that are read when they are needed: addresses, headers, secrets. They are in no message."""

from __future__ import annotations

from collections.abc import Mapping

from scheduler.configuration.applied.withheld import digest_in
from scheduler.configuration.keys.web_address import is_web_address
from scheduler.configuration.variables.secret_values import value_of
from scheduler.definition import Secret
from scheduler.home import Home
from scheduler.notifications.transport import NotDelivered


class Source:
    """Where the values of a channel are read.

    Args:
        home: to which paths of files are relative.
        environ: of this process.
    """

    def __init__(self, home: Home, environ: Mapping[str, str]) -> None:
        self._home, self._environ = str(home.root), environ

    def value(self, secret: Secret, what: str) -> str:
        """What is read.

        Args:
            secret: where; what: what it is called in messages.

        Raises:
            NotDelivered: it cannot be read, or others can read the file.
        """
        try:
            return value_of(secret, what, self._home, self._environ, private=True)
        except OSError as problem:
            raise NotDelivered(problem.strerror or str(problem)) from None

    def url(self, written: str | Secret | None) -> str:
        """An address.

        Raises:
            NotDelivered: it cannot be read, or is none.
        """
        if isinstance(written, str):
            if digest_in(written) is not None:
                raise NotDelivered(
                    "its address is not in the config of this machine, or differs from what was applied"
                )
            return written
        assert written is not None, "the config has one"
        found = self.value(written, "its address").strip()
        if not is_web_address(found):
            raise NotDelivered(f"what is read from {written.file or f'${written.env}'} is no address of HTTP")
        return found

    def headers(self, written: Mapping[str, str | Secret]) -> dict[str, str]:
        """Values of headers.

        Raises:
            NotDelivered: one cannot be read, or is no header.
        """
        found = {}
        for name, setting in written.items():
            if isinstance(setting, str) and digest_in(setting) is not None:
                raise NotDelivered(
                    f"its header {name} is not in the config of this machine, or differs from what was applied"
                )
            value = setting if isinstance(setting, str) else self.value(setting, f"its header {name}").strip()
            if not value.isascii() or not value.isprintable():
                raise NotDelivered(f"its header {name} is no header: one line of ASCII")
            found[name] = value
        return found
