"""Signed envelopes: DSSE v1 with ed25519 (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md)."""

import base64
import binascii
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from audit.errors import AuditError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
FILE = "report.dsse.json"


def signed(payload: bytes, key: "Ed25519PrivateKey") -> str:
    """The envelope around a payload."""
    signature = {"keyid": key_id(key.public_key()), "sig": encoded(key.sign(authenticated(payload)))}
    envelope = {"payload": encoded(payload), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}
    return json.dumps(envelope, indent=1) + "\n"


def opened(text: str, key: "Ed25519PublicKey") -> bytes:
    """The payload, once a signature of this key has been found good.

    Raises:
        ValueError: it is no such envelope, or no signature in it is this key's: which, in words.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        envelope: dict[str, Any] = json.loads(text)
        payload = base64.b64decode(envelope["payload"], validate=True)
        signatures = [base64.b64decode(item["sig"], validate=True) for item in envelope["signatures"]]
        kind = envelope["payloadType"]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise ValueError("it is no DSSE envelope") from error
    if kind != PAYLOAD_TYPE:
        raise ValueError(f"its payload is {kind!r}, not {PAYLOAD_TYPE}")
    for signature in signatures:
        try:
            key.verify(signature, authenticated(payload))
        except InvalidSignature:
            continue
        return payload
    raise ValueError("no signature in it is of this key")


def authenticated(payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def encoded(data: bytes) -> str:
    """Base64."""
    return base64.b64encode(data).decode()


def key_id(key: "Ed25519PublicKey") -> str:
    """sha256 of the raw public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def private_key(path: Path) -> "Ed25519PrivateKey":
    """A private key from PEM, without a password.

    Raises:
        AuditError: no such file, no such key, or the library is missing.
    """
    serialization, ed25519 = library()
    try:
        key = serialization.load_pem_private_key(read(path), password=None)
    except (ValueError, TypeError) as error:
        raise AuditError(f"{path} holds no private key in PEM without a password: {reason(error)}") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise AuditError(f"{path} is no ed25519 key: make one by `openssl genpkey -algorithm ed25519 -out key.pem`")
    return cast("Ed25519PrivateKey", key)


def public_key(path: Path) -> "Ed25519PublicKey":
    """A public key from PEM.

    Raises:
        AuditError: no such file, no such key, or the library is missing.
    """
    serialization, ed25519 = library()
    try:
        key = serialization.load_pem_public_key(read(path))
    except ValueError as error:
        raise AuditError(f"{path} holds no public key in PEM: {reason(error)}") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise AuditError(f"{path} is no ed25519 key: take it by `openssl pkey -in key.pem -pubout -out pub.pem`")
    return cast("Ed25519PublicKey", key)


def library() -> tuple[Any, Any]:
    """The parts of `cryptography` that are needed.

    Raises:
        AuditError: it is not installed.
    """
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise AuditError("signatures need `cryptography`: pip install cryptography") from error
    return serialization, ed25519


def read(path: Path) -> bytes:
    """A key file.

    Raises:
        AuditError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuditError(f"the key {path} cannot be read: {error.strerror}") from error


def reason(error: Exception) -> str:
    """The first sentence of an error."""
    return str(error).split(". ")[0].splitlines()[0][:120]
