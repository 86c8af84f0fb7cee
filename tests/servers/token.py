"""A token server for a real registry: checks the password, grants what the account may, signs a JWT.

What distribution's registry accepts (`docs/content/spec/auth/jwt.md`): RS256, the certificate in `x5c`, `aud`
as a string.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.servers.fake import FakeServer, Reply, Request

__all__ = ["TokenServer"]

SERVICE = "registry.test"
ISSUER = "tests"


class TokenServer:
    """Give `accounts` as user → password; everybody else, nobody included, may pull only from `public/`."""

    def __init__(self, accounts: Mapping[str, str]) -> None:
        self._accounts = accounts
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._certificate = self._issue()
        self.server = FakeServer(self._answer)

    @property
    def realm(self) -> str:
        """Where tokens are asked for."""
        return f"{self.server.url}/token"

    def write_certificate(self, path: Path) -> Path:
        """Write the certificate that the registry trusts."""
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def mint(self, user: str, *access: Mapping[str, object]) -> str:
        """Sign a token."""
        now = int(dt.datetime.now(dt.UTC).timestamp())
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        claims = {
            "iss": ISSUER, "sub": user, "aud": SERVICE, "exp": now + 300, "nbf": now - 10, "iat": now,
            "jti": secrets.token_hex(8), "access": list(access),
        }  # fmt: skip
        signed = f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64(signature)}"

    def _answer(self, request: Request) -> Reply:
        query = parse_qs(urlsplit(request.target).query)
        user = ""
        if request.header("authorization"):
            pair = base64.b64decode(request.header("authorization").removeprefix("Basic ")).decode()
            user, _, password = pair.partition(":")
            if self._accounts.get(user) != password:
                return _json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]})
        granted = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            if user or name.startswith("public/"):
                granted.append({"type": kind, "name": name, "actions": actions.split(",")})
        return _json(200, {"token": self.mint(user, *granted), "expires_in": 300})

    def _issue(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "token server")])
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(hours=1))
        builder = builder.not_valid_after(now + dt.timedelta(days=1))
        return builder.sign(self._key, hashes.SHA256())


def _json(status: int, value: object) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
