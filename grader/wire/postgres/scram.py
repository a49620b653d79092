"""SCRAM-SHA-256 as a client, without channel binding: RFC 5802 and RFC 7677."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import stringprep
import unicodedata
from functools import lru_cache

_ITERATIONS_CAP = 10_000_000
_MAPPED_TO_NOTHING = stringprep.in_table_b1
_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


class ScramError(Exception):
    """The server's side of the exchange is not what it must be."""


def saslprep(password: str) -> str:
    """Normalise a password by RFC 4013; like PostgreSQL, return it as it is when the profile forbids it."""
    if password.isascii():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if not _MAPPED_TO_NOTHING(character)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    if not normal or any(forbids(character) for character in normal for forbids in _PROHIBITED):
        return password
    if any(stringprep.in_table_d1(character) for character in normal) and (
        any(stringprep.in_table_d2(character) for character in normal)
        or not (stringprep.in_table_d1(normal[0]) and stringprep.in_table_d1(normal[-1]))
    ):
        return password
    return normal


@lru_cache(maxsize=64)
def _salted(password: str, salt: bytes, iterations: int) -> bytes:
    # 2 ms at the usual 4,096 iterations: remembered, since each new connection of a pool asks for it again
    return hashlib.pbkdf2_hmac("sha256", saslprep(password).encode(), salt, iterations)


class Scram:
    """One exchange: `first`, then `answer` to the server's first message, then `verify` its last."""

    def __init__(self, password: str, nonce: str | None = None) -> None:
        self._password = password
        self._nonce = nonce or base64.b64encode(secrets.token_bytes(18)).decode()
        self._bare = f"n=,r={self._nonce}"  # the server takes the user from the startup packet
        self._signature = b""
        self.verified = False

    @property
    def first(self) -> bytes:
        """The client-first-message."""
        return f"n,,{self._bare}".encode()

    def answer(self, challenge: bytes) -> bytes:
        """Return the client-final-message; raises ScramError for a challenge that is not for this exchange."""
        fields = dict(part.partition("=")[::2] for part in challenge.decode("ascii", "replace").split(","))
        try:
            nonce, salt, iterations = fields["r"], base64.b64decode(fields["s"], validate=True), int(fields["i"])
        except (KeyError, ValueError) as error:
            raise ScramError("the server's SCRAM challenge is malformed") from error
        if not nonce.startswith(self._nonce) or len(nonce) == len(self._nonce) or not 0 < iterations <= _ITERATIONS_CAP:
            raise ScramError("the server's SCRAM challenge is not an answer to this exchange")
        salted = _salted(self._password, salt, iterations)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = f"c=biws,r={nonce}"
        signed = f"{self._bare},{challenge.decode('ascii', 'replace')},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        proof = bytes(left ^ right for left, right in zip(client_key, signature, strict=True))
        self._signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, outcome: bytes) -> None:
        """Check that the server knows the password too; raises ScramError if it does not."""
        given = outcome.partition(b",")[0]
        expected = b"v=" + base64.b64encode(self._signature)
        if not self._signature or not hmac.compare_digest(given, expected):
            raise ScramError("the server could not prove that it knows the password")
        self.verified = True
