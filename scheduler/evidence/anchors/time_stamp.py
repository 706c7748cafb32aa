"""An anchor that is a time-stamp authority (RFC 3161): it vouches that the signed note existed at a time.

The time stamp is over the note with the signatures of the log alone, by SHA-256. What it answered, whole, is the
receipt, in base64: `openssl ts -verify -in` takes it. The library is there if the extra `timestamp` is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eventstore.proofs.base64_text import in_base64
from scheduler.evidence.anchors.exchange import ANSWER_BYTES_MAX, authorization, check, post
from scheduler.evidence.anchors.parcel import AnchorFailed, Parcel, Taken
from scheduler.evidence.anchors.settings import AnchorSettings

if TYPE_CHECKING:
    from rfc3161_client import Verifier, VerifierBuilder

RESPONSE_BYTES_MAX = 32 * 1024
"""It becomes part of an entry, which is one line of bounded length."""
assert RESPONSE_BYTES_MAX < ANSWER_BYTES_MAX, "one that is too long is read, and refused with these words"
_CERTIFICATES_BYTES_MAX = 4 * 1024 * 1024


def deliver(anchor: AnchorSettings, parcel: Parcel) -> Taken:
    """Ask for a time stamp, and verify it with the certificates that are trusted.

    Raises:
        AnchorFailed: there is none, or it is not right.
    """
    try:
        import rfc3161_client as rfc3161
    except ImportError:
        raise AnchorFailed(
            "the library for time stamps is not installed: pip install 'cronledger[timestamp]'"
        ) from None
    stamped = parcel.log_signed.raw
    request = (
        rfc3161.TimestampRequestBuilder()
        .data(stamped)
        .hash_algorithm(rfc3161.HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
        .build()
    )
    verifier = _verifier(anchor, parcel.root, rfc3161.VerifierBuilder.from_request(request))
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    raw = check(post(anchor.target, request.as_bytes(), headers | authorization(anchor, parcel.root))).body
    if len(raw) > RESPONSE_BYTES_MAX:
        raise AnchorFailed(f"its time stamp is longer than {RESPONSE_BYTES_MAX:,} bytes")
    try:
        verifier.verify_message(rfc3161.decode_timestamp_response(raw), stamped)
    except (rfc3161.VerificationError, ValueError) as problem:
        raise AnchorFailed(f"its time stamp is not right: {str(problem)[:200]}") from None
    return Taken(in_base64(raw))


def _verifier(anchor: AnchorSettings, root: Path, builder: VerifierBuilder) -> Verifier:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        with (root / (anchor.certificates or "")).open("rb") as file:
            certificates = load_pem_x509_certificates(file.read(_CERTIFICATES_BYTES_MAX))
    except OSError as problem:
        raise AnchorFailed(f"the certificates that are trusted cannot be read: {problem.strerror}") from None
    except ValueError:
        raise AnchorFailed("the certificates that are trusted are none: a file of PEM is wanted") from None
    for certificate in certificates:
        is_root = certificate.issuer == certificate.subject
        add = builder.add_root_certificate if is_root else builder.add_intermediate_certificate
        try:
            builder = add(certificate)
        except ValueError:
            continue  # it is there twice
    try:
        return builder.build()
    except ValueError:
        raise AnchorFailed("among the certificates that are trusted is no root") from None
