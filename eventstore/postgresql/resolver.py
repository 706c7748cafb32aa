"""The addresses of a host name, by a deadline: the system's own call waits as long as its name servers let it."""

from __future__ import annotations

import socket
import threading


class Resolver:
    """Asks the system in a thread, so that nobody waits longer than wanted; at most one thread for a name."""

    def __init__(self) -> None:
        self._asking: dict[str, _Question] = {}

    def addresses(self, name: str, wait_s: float) -> list[str]:
        """The addresses of a host; an address is its own.

        Raises:
            TimeoutError: no answer yet; the next call waits for the same answer.
            OSError: there is no such host, or it cannot be said.
        """
        question = self._asking.get(name)
        if question is None:
            question = self._asking[name] = _Question(name)
        answer = question.answer(wait_s)
        # Asked anew at each connection: a fail-over may change what a name means.
        del self._asking[name]
        if isinstance(answer, OSError):
            raise answer
        return answer


class _Question:
    """One call of the system."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._answer: list[str] | OSError | None = None
        self._thread = threading.Thread(target=self._ask, name=f"resolve {name}", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        """In the thread."""
        try:
            found = socket.getaddrinfo(self._name, None, type=socket.SOCK_STREAM)
        except OSError as error:
            self._answer = error
        except UnicodeError as error:  # a label that is empty or too long
            self._answer = OSError(str(error))
        else:
            self._answer = list(dict.fromkeys(str(each[4][0]) for each in found))

    def answer(self, wait_s: float) -> list[str] | OSError:
        """What came."""
        self._thread.join(max(0.0, wait_s))
        if self._answer is None:
            raise TimeoutError(f"{self._name}: no name server answers")
        return self._answer
