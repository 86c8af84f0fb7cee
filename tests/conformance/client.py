"""A client for the public suite sigstore-conformance, whose command line it speaks (its `docs/cli_protocol.md`).

    python tests/conformance/client.py verify-bundle --bundle FILE
        (--certificate-identity IDENTITY --certificate-oidc-issuer URL | --key FILE)
        [--trusted-root FILE] [--staging] FILE_OR_DIGEST

Exit code 0 if it verifies, 1 if not. It stands on `gate.sigstore` alone, so the suite tests what the signers use. The
suite asks for any artifact, not for images; what is signed is compared here, as the suite wants it.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from gate.errors import GateError, MalformedData
from gate.formats.bundle import Bundle, MessageSignature, parse_bundle
from gate.formats.material import read_bundle
from gate.formats.public_key import PublicKey, parse_public_key
from gate.formats.statement import PAYLOAD_TYPE, parse_statement
from gate.formats.trusted_root import TrustedRoot, parse_trusted_root
from gate.pattern import Glob
from gate.sigstore.claims import Policy
from gate.sigstore.identity import NamePattern
from gate.sigstore.proof import CannotTell, Demands, Signed, Target, Unproven
from gate.sigstore.verify import prove_by_certificate, prove_logged_key

#: The public instance's trusted root, as sigstore-go 1.2.2 keeps it for its examples.
PUBLIC_GOOD = Path(__file__).parent.parent / "fixtures" / "signatures" / "public" / "public-good.json"
DIGEST = re.compile(r"(sha256|sha384|sha512):([0-9a-f]{64,128})", re.ASCII)


@dataclass(frozen=True)
class Digested:
    """A signature over an artifact of which only a digest is known."""

    signature: bytes
    algorithm: str
    known: bytes

    @property
    def stamped(self) -> bytes:
        """What timestamps are over."""
        return self.signature

    def digest(self, algorithm: str) -> bytes | None:
        """Give the digest, if it is of this algorithm."""
        return self.known if algorithm == self.algorithm else None

    def payload_digest(self, algorithm: str) -> None:
        """There is no envelope."""

    def envelope_digest(self, algorithm: str) -> None:
        """There is no envelope."""

    def made_by(self, key: PublicKey) -> bool:
        """Verify over the digest."""
        known: dict[str, hashes.HashAlgorithm] = {
            "sha256": hashes.SHA256(),
            "sha384": hashes.SHA384(),
            "sha512": hashes.SHA512(),
        }
        algorithm = utils.Prehashed(known[self.algorithm])
        try:
            if isinstance(key._key, ec.EllipticCurvePublicKey):
                key._key.verify(self.signature, self.known, ec.ECDSA(algorithm))
            elif isinstance(key._key, rsa.RSAPublicKey):
                key._key.verify(self.signature, self.known, padding.PKCS1v15(), algorithm)
            else:
                return False
        except InvalidSignature:
            return False
        return True


def verify(options: argparse.Namespace) -> str:
    """Verify one bundle; gives what was proven, raises otherwise."""
    bundle = parse_bundle(options.bundle.read_bytes(), "the bundle")
    root = parse_trusted_root(options.trusted_root.read_bytes(), "the trusted root")
    if isinstance(bundle.content, MessageSignature):
        signed = _message(bundle.content, options.artifact)
    else:
        signed = Target(bundle.content.signature, bundle.content.signed, bundle.content)
    told = _proven(options, bundle, signed, root)
    if not isinstance(bundle.content, MessageSignature):
        _compare(bundle, options.artifact)
    return told


def _message(content: MessageSignature, artifact: str) -> Signed:
    match = DIGEST.fullmatch(artifact)
    if match and not Path(artifact).exists():
        return Digested(content.signature, match[1], bytes.fromhex(match[2]))
    return Target(content.signature, Path(artifact).read_bytes())


def _proven(options: argparse.Namespace, bundle: Bundle, signed: Signed, root: TrustedRoot) -> str:
    proofs = read_bundle(bundle, "the bundle")
    now = datetime.now(UTC)
    if options.key is None:
        name = NamePattern.make(Glob(options.certificate_identity))
        policy = Policy(options.certificate_oidc_issuer, name, {})
        return str(prove_by_certificate(signed, proofs, root, Demands(), policy.check, now))
    if proofs.certificate is not None:
        raise MalformedData("the bundle has a certificate, and a key is asked for")
    key = parse_public_key(options.key.read_bytes(), "the key")
    if not signed.made_by(key):
        raise MalformedData("the key did not make the signature")
    return str(prove_logged_key(signed, proofs, root, key.spki, now))


def _compare(bundle: Bundle, artifact: str) -> None:
    """Compare the subjects of a statement with the artifact."""
    assert not isinstance(bundle.content, MessageSignature)
    if bundle.content.payload_type != PAYLOAD_TYPE:
        raise MalformedData(f"the payload is of the type {bundle.content.payload_type}")
    statement = parse_statement(bundle.content.payload, "the statement")
    match = DIGEST.fullmatch(artifact)
    if match and not Path(artifact).exists():
        digests = {match[1]: match[2]}
    else:
        content = Path(artifact).read_bytes()
        digests = {name: hashlib.new(name, content).hexdigest() for name in ("sha256", "sha384", "sha512")}
    if not any(one.digests.get(name) == digits for one in statement.subjects for name, digits in digests.items()):
        raise MalformedData("the statement is about another artifact")


def main(arguments: list[str]) -> int:
    """Run the client."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("verify-bundle")
    one.add_argument("--staging", action="store_true")
    one.add_argument("--bundle", type=Path, required=True)
    one.add_argument("--certificate-identity")
    one.add_argument("--certificate-oidc-issuer")
    one.add_argument("--key", type=Path)
    one.add_argument("--trusted-root", type=Path)
    one.add_argument("artifact")
    options = parser.parse_args(arguments)
    if options.trusted_root is None:
        if options.staging:
            sys.stderr.write("the trusted root of the staging instance does not come with the tests: name it\n")
            return 1
        options.trusted_root = PUBLIC_GOOD
    by_identity = options.certificate_identity is not None and options.certificate_oidc_issuer is not None
    if by_identity is (options.key is not None):
        sys.stderr.write("say either identity and issuer, or a key\n")
        return 1
    try:
        sys.stdout.write(f"{verify(options)}\n")
    except (GateError, Unproven, CannotTell, OSError, ValueError) as error:
        code = getattr(getattr(error, "reason", error), "code", type(error).__name__)
        sys.stderr.write(f"{code}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
