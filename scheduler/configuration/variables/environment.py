"""The environment of a job: values for its processes, digests for the ledger.

Values may be secret, so only digests are recorded: they show that a value changed and hide what it is. A
digest is HMAC-SHA-256 keyed with a salt. Whoever has the ledger and the salt can still test guesses, so a
short secret is not safe behind its digest; a salt that is kept out of the ledger makes even that
impossible, and one salt for each home keeps equal values in two homes from being seen to be equal.
"""

from __future__ import annotations

import hmac
from typing import Final

INHERITED: Final = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
"""What a run, or the command of a channel, gets of the environment of the process that starts it. The config says
everything else, so that it neither depends on nor sees what is set in an operator's shell."""


def env_digest(name: str, value: str, salt: bytes = b"") -> str:
    """The digest that stands for the value of an environment variable: 16 hex digits.

    The same name, value and salt always give the same digest; the name goes in so that two variables of one
    value do not show it.

    Args:
        name: The variable.
        value: What it is set to; never recorded.
        salt: Of the home, best kept outside the ledger.
    """
    message = name.encode("utf-8", "surrogateescape") + b"\0" + value.encode("utf-8", "surrogateescape")
    return hmac.digest(salt, message, "sha256").hex()[:16]
