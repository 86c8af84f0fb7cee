"""sigstore-python accepts what our own Sigstore makes, so that its damaged copies are what they claim to be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.signers import forge
from tests.signers.test_sigstore import GOOD, PAYLOAD, SUBJECT
from tests.signers.world import packed
from tests.world.sigstore import GITHUB, SAN, Sigstore


def accepted(instance: Sigstore, bundle: dict[str, Any]) -> bytes:
    """Verify with sigstore-python; raises unless it accepts."""
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier, policy
    from sigstore_models.trustroot.v1 import TrustedRoot as Model

    root = TrustedRoot(Model.from_json(json.dumps(instance.trusted_root())))
    wanted = policy.AllOf(
        [
            policy.Identity(identity=SAN, issuer=GITHUB),
            policy.OIDCSourceRepositoryURI("https://github.com/acme/app"),
            policy.OIDCSourceRepositoryRef("refs/tags/v1.0.0"),
        ]
    )
    _, payload = Verifier(trusted_root=root).verify_dsse(Bundle.from_json(json.dumps(bundle)), wanted)
    return payload


@pytest.mark.parametrize("generation", [1, 2])
def test_unmodified_bundle_satisfies_an_independent_verifier(generation: int) -> None:
    """Certificate, promise of the certificate log, entry, proof, checkpoint and timestamp."""
    assert accepted(GOOD, GOOD.bundle(PAYLOAD, generation=generation)) == PAYLOAD


def test_independent_verifier_refuses_another_world() -> None:
    """It is not one that accepts anything."""
    from sigstore.errors import Error

    bundle = GOOD.bundle(packed(forge.statement(SUBJECT)))
    bundle["dsseEnvelope"]["payload"] = forge.b64(b"{}")
    with pytest.raises(Error):
        accepted(GOOD, bundle)
