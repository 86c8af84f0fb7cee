"""The check `image`: what an image is built on, of what kinds it is made, and what its build fetched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from gate.evidence import Absent, Ask, Fact, Found, Kind, Unavailable
from gate.oci.digest import Digest
from gate.oci.media_types import DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_MANIFEST
from tests.checks.made import LOOK, Made, descriptor, mistake, packed, rule, single

DEBIAN = "docker.io/library/debian"
NAME, DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
UNDER = ["sha256:" + "a" * 64, "sha256:" + "b" * 64]
OWN = "sha256:" + "c" * 64
RULE = f"check: image, base: {{allow: ['{DEBIAN}', 'ghcr.io/acme/**']}}"


def base(diff_ids: list[str] | None = None, place: str = DEBIAN, **members: Any) -> tuple[str, dict[Ask, Fact]]:
    """Make a base image: its digest, and what its registry answers."""
    ids = UNDER if diff_ids is None else diff_ids
    rootfs = {"type": "layers", "diff_ids": ids}
    config = packed({"os": "linux", "architecture": "amd64", "rootfs": rootfs, **members})
    manifest = packed(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(OCI_CONFIG, config), "layers": []}
    )
    digest = str(Digest.of(manifest))
    return digest, {
        Ask(place, Kind.MANIFEST, digest): Found(LOOK, manifest, OCI_MANIFEST),
        Ask(place, Kind.BLOB, str(Digest.of(config))): Found(LOOK, config, OCI_CONFIG),
    }


def built_on(digest: str, answers: Mapping[Ask, Fact], name: str = "debian:12", own: list[str] | None = None) -> Made:
    """Make an image that says it is built on a base, with these diff ids."""
    made = single(Labels={NAME: name, DIGEST: digest})
    made.more = {"rootfs": {"type": "layers", "diff_ids": [*UNDER, OWN] if own is None else own}}
    made.odd = answers
    return made


def undecided(made: Made, text: str) -> list[str]:
    """Give the codes of what is undecided; nothing may be found as well."""
    [judgement] = made.judged(rule(text))
    assert judgement.findings == ()
    return [each.reason.code for each in judgement.undecided]


def test_a_base_whose_layers_the_image_begins_with_is_fine() -> None:
    """Read by its digest from the repository that the image names."""
    made = built_on(*base())
    assert made.codes(rule(RULE)) == []
    [judgement] = made.judged(rule(RULE))
    assert "built on debian:12" in judgement.notes[0].what


@pytest.mark.parametrize("own", [[], [OWN], [*reversed(UNDER), OWN], [OWN, *UNDER], UNDER[:1], [UNDER[0], OWN]])
def test_a_claim_without_the_layers_is_found(own: list[str]) -> None:
    """The label alone proves nothing (S14)."""
    [finding] = built_on(*base(), own=own).findings(rule(RULE))
    assert finding.reason.code == "base-mismatch"
    assert finding.about.keys == (("label", NAME),)


def test_a_base_without_layers_proves_nothing() -> None:
    """Every image begins with no layers."""
    assert built_on(*base([])).codes(rule(RULE)) == ["base-mismatch"]


def test_a_base_for_another_platform_proves_nothing() -> None:
    """Its layers are other ones."""
    assert built_on(*base(architecture="arm64")).codes(rule(RULE)) == ["base-mismatch"]


@pytest.mark.parametrize("name", ["alpine:3.20", "ghcr.io/evil/debian", "registry.example/library/debian:12"])
def test_another_base_is_found_and_not_asked_for(name: str) -> None:
    """A claim can violate; and the gate contacts only registries that the rule names."""
    digest, answers = base()
    made = built_on(digest, answers, name)
    assert made.codes(rule(RULE)) == ["base-not-allowed"]
    assert {ask.place for ask in made.gathered(rule(RULE))[1].answers} == {"registry.example/team/app"}


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {DIGEST: "sha256:" + "1" * 64},
        {NAME: "debian:12"},
        {NAME: ""},
        {NAME: "Debian"},
        {NAME: "debian:12", DIGEST: "12"},
        {NAME: "debian:12", DIGEST: "md5:" + "1" * 32},
        {NAME: "https://docker.io/library/debian", DIGEST: "sha256:" + "1" * 64},
    ],
)
def test_an_image_that_does_not_say_clearly_is_found(labels: dict[str, str]) -> None:
    """Missing, without a digest, or no reference."""
    assert single(Labels=labels).codes(rule(RULE)) == ["base-unclear"]


@pytest.mark.parametrize("where", ["annotations", "index_annotations", "member_annotations"])
def test_labels_and_annotations_have_to_agree(where: str) -> None:
    """One of them may be meant for people, the other for machines."""
    digest, answers = base()
    made = built_on(digest, answers)
    setattr(made, where, {NAME: "alpine:3.20"})
    assert made.codes(rule(RULE)) == ["base-unclear"]
    setattr(made, where, {NAME: "debian:12"})
    assert made.codes(rule(RULE)) == []


def test_a_name_with_another_digest_than_the_label_of_digests_says_nothing() -> None:
    """One of the two is true, and nobody knows which: the proof for one of them does not count."""
    digest, answers = base()
    other = "sha256:" + "1" * 64
    for name, label in ((f"debian@{digest}", other), (f"debian@{other}", digest)):
        [finding] = built_on(label, answers, name).findings(rule(RULE))
        assert finding.reason.code == "base-unclear"
        assert finding.got == f"{name}, and {DIGEST} is {label}"
    assert built_on("12", answers, f"debian@{digest}").codes(rule(RULE)) == ["base-unclear"]
    assert built_on(digest, answers, f"debian@{digest}").codes(rule(RULE)) == []


def test_annotations_alone_are_enough() -> None:
    """As docker's own images have them."""
    digest, answers = base()
    made = single()
    made.more = {"rootfs": {"type": "layers", "diff_ids": [*UNDER, OWN]}}
    made.odd, made.member_annotations = answers, {NAME: "debian:12", DIGEST: digest}
    assert made.codes(rule(RULE)) == []
    made.member_annotations, made.annotations = {}, {NAME: f"debian@{digest}"}
    assert made.codes(rule(RULE)) == []


@pytest.mark.parametrize(
    "answer", [Unavailable(LOOK, "timeout", "no answer"), Absent(LOOK), Found(LOOK, b"{}", OCI_MANIFEST)]
)
def test_a_base_that_cannot_be_read_decides_nothing(answer: Fact) -> None:
    """Nor does a broken one."""
    made = built_on(*base())
    digest = str(Digest.of(b"{}"))
    made = built_on(digest, {Ask(DEBIAN, Kind.MANIFEST, digest): answer})
    assert undecided(made, RULE) == ["base-unread"]
    digest, answers = base()
    [blob] = [ask for ask in answers if ask.kind is Kind.BLOB]
    assert undecided(built_on(digest, {**answers, blob: Absent(LOOK)}), RULE) == ["base-unread"]


def test_best_effort_believes_the_label_and_says_so() -> None:
    """In the first lines of the report; nothing is asked for."""
    made = built_on("sha256:" + "1" * 64, {})
    text = "check: image, base: {allow: ['docker.io/**'], best-effort: true}"
    [judgement] = made.judged(rule(text))
    assert (judgement.findings, judgement.undecided) == ((), ())
    assert judgement.notes[0].headline
    assert built_on("sha256:" + "1" * 64, {}, "ghcr.io/evil/x").codes(rule(text)) == ["base-not-allowed"]


def test_deny_is_about_claims_alone() -> None:
    """An image that says nothing is not denied; a note says so."""
    check = rule("check: image, base: {deny: ['docker.io/library/centos']}")
    assert built_on("sha256:" + "1" * 64, {}, "centos:7").codes(check) == ["base-not-allowed"]
    assert built_on("sha256:" + "1" * 64, {}).codes(check) == []
    [judgement] = single().judged(check)
    assert judgement.notes[0].what == "the image does not say what it is built on"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check: image, base: {best-effort: true}", "give allow or deny"),
        ("check: image, base: {allow: ['**']}", "names no registry"),
        ("check: image, base: {allow: ['*.example/**']}", "names no registry"),
        ("check: image, base: {allow: [debian]}", "names no registry"),
        ("check: image, base: {deny: ['**/centos'], best-effort: true}", "deny is about what the image says"),
        ("check: image, base: {allow: []}", "empty list"),
        ("check: image, end-of-life: ''", "an empty name is no label"),
        ("check: image, media-types: docker", "cannot be 'docker'"),
        ("check: image, additions: none", "cannot be 'none'"),
    ],
)
def test_a_rule_that_could_not_work_is_a_mistake(text: str, message: str) -> None:
    """Told when the rule file is read."""
    assert message in mistake(text)


EOL = "check: image, end-of-life: com.acme.base.end-of-life"


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("2027-04-30", []),
        ("2026-11-24", []),
        ("2026-11-24T00:00:00Z", []),
        ("2026-11-23", ["base-end-of-life"]),
        ("2026-11-23T23:59:59Z", ["base-end-of-life"]),
        ("1970-01-01", ["base-end-of-life"]),
        ("", ["end-of-life-unclear"]),
        ("2027-02-30", ["end-of-life-unclear"]),
        ("never", ["end-of-life-unclear"]),
        ("2027-04", ["end-of-life-unclear"]),
        ("20270430", ["end-of-life-unclear"]),
        (" 2027-04-30", ["end-of-life-unclear"]),
        ("2027-04-30\n", ["end-of-life-unclear"]),
        ("2027-04-30T", ["end-of-life-unclear"]),
        ("２027-04-30", ["end-of-life-unclear"]),
    ],
)
def test_the_day_until_which_a_base_is_kept_up(value: str, codes: list[str]) -> None:
    """The day itself still counts."""
    made = single(Labels={"com.acme.base.end-of-life": value})
    assert made.codes(rule(EOL), datetime(2026, 11, 24, 23, 59, tzinfo=UTC)) == codes


def test_a_base_that_does_not_say_until_when_is_found() -> None:
    """Without the label."""
    assert single().codes(rule(EOL)) == ["end-of-life-unclear"]


def typed(manifest: str = OCI_MANIFEST, config: str = OCI_CONFIG, **layer: Any) -> Made:
    """Make an image of certain kinds."""
    made = single()
    made.manifest_type, made.config_type, made.layer = (
        manifest,
        config,
        {f"{name}": value for name, value in layer.items()},
    )
    return made


DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"


@pytest.mark.parametrize(
    ("made", "standard", "oci"),
    [
        (typed(), [], []),
        (typed(mediaType=ZSTD), [], []),
        (typed(mediaType="application/vnd.oci.image.layer.v1.tar"), [], []),
        (typed(mediaType=DOCKER_LAYER), [], ["media-type-not-allowed"]),
        (typed(DOCKER_MANIFEST, DOCKER_CONFIG, mediaType=DOCKER_LAYER), [], ["media-type-not-allowed"]),
        (typed(OCI_MANIFEST, DOCKER_CONFIG), [], ["media-type-not-allowed"]),
        (typed(mediaType="application/vnd.oci.image.layer.v1.tar+gzip+encrypted"), *[["media-type-not-allowed"]] * 2),
        (typed(mediaType="application/vnd.wasm.content.layer.v1+wasm"), *[["media-type-not-allowed"]] * 2),
        (typed(mediaType="application/octet-stream"), *[["media-type-not-allowed"]] * 2),
        (typed(mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"), *[["layer-elsewhere"]] * 2),
        (typed(mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), *[["layer-elsewhere"]] * 2),
        (typed(urls=["https://example.test/layer"]), *[["layer-elsewhere"]] * 2),
    ],
)
def test_the_kinds_of_an_image(made: Made, standard: list[str], oci: list[str]) -> None:
    """Of manifest, config and layers."""
    assert list(dict.fromkeys(made.codes(rule("check: image, media-types: standard")))) == standard
    assert list(dict.fromkeys(made.codes(rule("check: image, media-types: oci")))) == oci


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        # dagger/dagger and others hold such configs: BuildKit's own form.
        ("ADD https://raw.githubusercontent.com/moby/moby/master/README.md / # buildkit", "https://raw.githubusercontent.com/moby/moby/master/README.md"),
        ("/bin/sh -c #(nop) ADD https://example.com/x.tar.gz in /opt/", "https://example.com/x.tar.gz"),
        *(
            (step, "https://example.com/x")
            for step in (
                f"ADD https://example.com/x /x # --checksum=sha256:{'0a' * 32}",
                f"ADD https://example.com/x /x ; --checksum=sha256:{'0a' * 32}",
                f"ADD a --checksum=sha256:{'0a' * 32} https://example.com/x /x",
                "ADD --checksum=sha256:00 https://example.com/x /x",
                "ADD --checksum=sha256:zz https://example.com/x /x",
                "ADD --checksum= https://example.com/x /x",
                f"ADD --checksum=sha256:{'0a' * 33} https://example.com/x /x",
                f"ADD --checksum=md5:{'0a' * 16} https://example.com/x /x",
                f"ADD --chown=--checksum=sha256:{'0a' * 32} https://example.com/x /x",
            )
        ),
        ("ADD http://example.com/x /x # buildkit", "http://example.com/x"),
        ("ADD git@github.com:acme/app.git /src # buildkit", "git@github.com:acme/app.git"),
        ("ADD --chown=app a.txt https://user:pw@example.com/x?token=abc /x # buildkit", "https://example.com/x"),
        ('add ["https://example.com/x", "/x"]', "https://example.com/x"),
    ],
)  # fmt: skip
def test_a_file_from_the_network_is_named_without_credentials(step: str, shown: str) -> None:
    """By its step."""
    made = single()
    made.more = {"history": [{"created_by": 'CMD ["sh"]'}, {"created_by": step}]}
    [finding] = made.findings(rule("check: image, additions: no-urls"))
    assert finding.reason.code == "remote-add"
    assert finding.what == f"build step 2 adds {shown}"
    assert finding.about.keys == (("step", "2"),)


@pytest.mark.parametrize(
    "step",
    [
        "ADD file:8c609c85109d07bf47cf268a175b3be8bbe34fc0c41d15d99b090d099f4dc837 in /",
        "/bin/sh -c #(nop) ADD file:25f61d70254b9807a40cd3e8d820f6a5ec0e1e596de04e325f6a33810393e95a in / ",
        "ADD rootfs.tar.xz / # buildkit",
        f"ADD --checksum=sha256:{'0a' * 32} https://example.com/x /x # buildkit",
        f"ADD --chown=1:1 --link --checksum=sha512:{'0a' * 64} https://example.com/x /x # buildkit",
        f"ADD --checksum={'0a' * 20} https://github.com/acme/app.git /x # buildkit",
        "RUN /bin/sh -c curl -fsSL https://example.com/x | sha256sum -c # buildkit",
        "COPY https://example.com/x /x",
        "RUN echo ADD https://example.com/x",
        "LABEL url=https://example.com",
    ],
)
def test_other_steps_add_nothing_from_the_network(step: str) -> None:
    """Local files, checked files, and commands that only mention it."""
    made = single()
    made.more = {"history": [{"created_by": step}]}
    assert made.codes(rule("check: image, additions: no-urls")) == []


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("org.opencontainers.image.source", "https://ci:s3cret-word@git.example/app", "a password in a URL"),
        ("note", "ghp" + "_" + "a1B2" * 9, "a GitHub token"),
        ("com.acme.api-key", "abc123", "a secret by its name"),
    ],
)
def test_a_secret_in_a_label_is_named_and_never_shown(key: str, value: str, kind: str) -> None:
    """Key and length (S43)."""
    [finding] = single(Labels={key: value}).findings(rule("check: image, labels: no-secrets"))
    assert finding.reason.code == "secret-in-label"
    assert finding.what == f"the label {key} looks like {kind}"
    assert finding.got == f"{key}, {len(value)} characters"
    assert value not in repr(finding)
    assert (
        single(Labels={key: value}).codes(rule(f"check: image, labels: no-secrets, allow-variables: ['{key}']")) == []
    )


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"maintainer": "Ada <ada@acme.example>"},
        {"org.opencontainers.image.revision": "0f" * 20},
        {"token-file": "/run/x"},
    ],
)
def test_honest_labels_are_no_secrets(labels: dict[str, str]) -> None:
    """Addresses, commits, paths."""
    assert single(Labels=labels).codes(rule("check: image, labels: no-secrets")) == []
