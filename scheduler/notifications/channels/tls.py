"""TLS with a receiver whose certificate must be right."""

from __future__ import annotations

import socket
import ssl


def context() -> ssl.SSLContext:
    """One that trusts whom the machine trusts, or the file that `SSL_CERT_FILE` in the environment names."""
    return ssl.create_default_context()


def wrapped(line: socket.socket, host: str) -> ssl.SSLSocket:
    """TLS over a connection, with a host whose certificate is right.

    Raises:
        OSError: it is not, or there is no TLS.
    """
    found = context().wrap_socket(line, server_hostname=host)
    if found.version() is None:
        # A connection that was cut before is not connected any more: the ssl module leaves out the handshake then.
        found.close()
        raise TimeoutError("cut")
    return found


def words(problem: OSError) -> str:
    """Why no connection came about, or why it broke, for people; without addresses, which may be secret."""
    match problem:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not right: {problem.verify_message}"
        case ssl.SSLError():
            return "TLS failed, or it does not speak TLS"
        case socket.gaierror():
            return "its name cannot be resolved"
        case TimeoutError():
            return "it did not answer in time"
        case ConnectionRefusedError():
            return "it cannot be reached: the connection was refused"
        case _:
            return f"it cannot be reached: {problem.strerror or type(problem).__name__}"
