"""Sample documents: one for each kind of verdict, as real runs give them. Other tests may build on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from gate.evidence import Look
from gate.finding import About, Finding, Note, Reason, Undecided
from gate.oci.digest import Digest
from gate.report import Closure, ClosureFile, Document, Judged, WaiverNote
from gate.subject import Subject
from gate.verdict import Failed, Level, Outcome, Passed, Place, Status, Undetermined, Verdict, Waived

AT: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AMD64: Final = "linux/amd64"
ARM64: Final = "linux/arm64"
BOTH: Final = (AMD64, ARM64)
IMAGE: Final = "ghcr.io/acme/app:1.4.2"


def digest_of(text: str) -> Digest:
    """Give some digest, the same for the same text."""
    return Digest.of(text.encode())


def reason(code: str, title: str = "A title") -> Reason:
    """Give a reason; its page does not matter here."""
    return Reason(code, title, "What it means.", "What to do.")


SUBJECT: Final = Subject(
    typed=IMAGE,
    place="ghcr.io/acme/app",
    repository="ghcr.io/acme/app",
    tag="1.4.2",
    digest=digest_of("index"),
    media_type="application/vnd.oci.image.index.v1+json",
    content=b"index",
)

CLOSURE: Final = Closure(
    rules_digest=digest_of("rules"),
    files=(
        ClosureFile("rules", "gate.yaml", digest_of("gate.yaml")),
        ClosureFile("key", "keys/release.pub", digest_of("release.pub")),
        ClosureFile("waivers", "waivers.yaml", digest_of("waivers.yaml")),
        ClosureFile("report", "trivy-amd64.json", digest_of("trivy-amd64.json")),
        ClosureFile("report", "trivy-arm64.json", digest_of("trivy-arm64.json")),
    ),
    options=(("--at", "2026-11-24T12:00:00Z"),),
    environment=("DOCKER_CONFIG", "NO_COLOR"),
)

UNPROVEN: Final = Note(
    "the completeness of trivy-amd64.json is unproven: a clean report and one with the scanner off are the same bytes",
    headline=True,
)


def place(line: int, path: str = "gate.yaml") -> Place:
    """Give a place in the rule file."""
    return Place(path, line, 3)


def outcome(rule: str, status: Status, line: int = 9, check: str = "labels", **more: Any) -> Outcome:
    """Give an outcome of level error for the whole image; `more` are its other fields."""
    plain = Outcome(rule, check, Level.ERROR, status, place(line), "", BOTH)
    return replace(plain, **more)


def on(platform: str, rule: str, status: Status, line: int = 9, check: str = "labels", **more: Any) -> Outcome:
    """Give an outcome for one platform."""
    return outcome(rule, status, line, check, platform=platform, covers=(platform,), **more)


SIGNED: Final = outcome(
    "signed",
    Status.SATISFIED,
    12,
    "signature",
    notes=(Note("signed by release (cosign key SHA256:1f0c…)"),),
    looked=(
        Look("https://ghcr.io/v2/acme/app/referrers/" + str(SUBJECT.digest), "404"),
        Look("https://ghcr.io/v2/acme/app/manifests/sha256-" + SUBJECT.digest.hex + ".sig", "200"),
    ),
)
TAGGED: Final = outcome("version-tag", Status.SATISFIED, 7, "tag", notes=(Note("1.4.2 is semver"),))
SMALL: Final = outcome("small", Status.NOT_APPLICABLE, 60, "image")

NO_MAINTAINER: Final = Finding(
    reason=reason("label-format"),
    about=About.of(label="maintainer"),
    what="the label maintainer is no e-mail address",
    expected="an e-mail address, as team@example.com",
    got="the platform team ",
    fix='Write `LABEL maintainer="team@example.com"` into the Dockerfile and build again.',
)
ROOT: Final = Finding(
    reason=reason("image-runs-as-root"),
    about=About.of(),
    what="the image runs as root",
    expected="a user that is not root",
    got="",
    fix="Write `USER 10001` at the end of the Dockerfile and build again.",
)


def vulnerability(number: int, package: str = "libssl3", severity: str = "critical") -> Finding:
    """Give one vulnerability as a finding."""
    name = f"CVE-2026-{number:04d}"
    return Finding(
        reason=reason("vulnerability-found"),
        about=About.of(id=name, package=package),
        what=f"{name} in {package} 3.0.11-1~deb12u2 is {severity}",
        expected=f"no vulnerability of severity {severity}",
        got=f"{severity} (nvd), fixed in 3.0.13-1~deb12u1",
        fix=f"Update {package} to 3.0.13-1~deb12u1, for example by a newer base image.",
        bucket=severity,
    )


REFUSED: Final = Undecided(
    reason=reason("unauthorized"),
    what="the registry refused to say which signatures there are",
    fix="Log in with `docker login ghcr.io`; in GitHub Actions add `permissions: packages: read`.",
    look=Look("https://ghcr.io/v2/acme/app/referrers/" + str(SUBJECT.digest), "401"),
)
NO_TAG: Final = Undecided(
    reason=reason("tag-not-found"),
    what="ghcr.io/acme/app has no tag 1.4.2",
    fix="Push the image first, or check the tag for typing errors; `gate resolve` tries just this.",
    look=Look("https://ghcr.io/v2/acme/app/manifests/1.4.2", "404"),
)
ACCEPTED: Final = Waived(
    finding=vulnerability(7),
    owner="jane@acme.example",
    reason="The vulnerable function is not called: see the analysis in the ticket.",
    expires="2026-12-31",
    place=place(4, "waivers.yaml"),
    ticket="SEC-12",
)


def document(verdict: Verdict, exit_code: int, **more: Any) -> Document:
    """Give a run over one image; `more` are other fields of the document."""
    plain = Document("0.1.0", AT, (Judged(IMAGE, verdict),), CLOSURE, exit_code)
    return replace(plain, **more)


def passed() -> Document:
    """Every rule holds; a report file was used, so its completeness is said to be unproven."""
    clean = tuple(on(one, "no-critical", Status.SATISFIED, 30, "vulnerabilities", notes=(UNPROVEN,)) for one in BOTH)
    verdict = Passed(SUBJECT, BOTH, (TAGGED, SIGNED, *clean, SMALL))
    return document(verdict, 0, judged=(Judged(IMAGE, verdict, (UNPROVEN, Note("one child is an attestation"))),))


def failed() -> Document:
    """Several rules are violated, on every platform and on one; one is waived, one warns."""
    outcomes = (
        TAGGED,
        SIGNED,
        *(
            on(
                one,
                "owner-known",
                Status.VIOLATED,
                14,
                findings=(NO_MAINTAINER,),
                why="Somebody has to be called when it breaks at night.",
            )
            for one in BOTH
        ),
        *(
            on(
                one,
                "no-critical",
                Status.VIOLATED if one == ARM64 else Status.WAIVED,
                30,
                "vulnerabilities",
                findings=(vulnerability(1), vulnerability(2, "zlib1g")) if one == ARM64 else (),
                waived=(ACCEPTED,),
                fix="Rebuild on the current base image: `make image`.",
            )
            for one in BOTH
        ),
        on(AMD64, "not-root", Status.VIOLATED, 40, "image", level=Level.WARNING, findings=(ROOT,)),
        on(ARM64, "not-root", Status.SATISFIED, 40, "image", level=Level.WARNING),
        SMALL,
    )
    return document(Failed(SUBJECT, BOTH, outcomes), 1)


def undetermined() -> Document:
    """The registry would not say whether there are signatures."""
    asked = outcome("signed", Status.UNDECIDED, 12, "signature", undecided=(REFUSED,))
    return document(Undetermined(SUBJECT, BOTH, (TAGGED, asked), (REFUSED,)), 3)


def unresolved() -> Document:
    """The tag does not exist: no digest, no rule judged."""
    return document(Undetermined(None, (), (), (NO_TAG,)), 3)


def unenforced() -> Document:
    """An advisory run: failed, and exit code 0 until the date."""
    return replace(failed(), exit_code=0, enforced=False, advisory_until="2027-01-15")


def waived() -> Document:
    """Passed with a waiver in use, an expired and an idle one, and rules that start later."""
    accepted = on(AMD64, "no-critical", Status.WAIVED, 30, "vulnerabilities", waived=(ACCEPTED,))
    clean = on(ARM64, "no-critical", Status.SATISFIED, 30, "vulnerabilities")
    coming = outcome(
        "documented",
        Status.UPCOMING,
        50,
        findings=(replace(NO_MAINTAINER, what="the label org.opencontainers.image.documentation is missing"),),
        would_be=Status.VIOLATED,
        starts="2027-01-01",
    )
    ready = outcome("licensed", Status.UPCOMING, 55, would_be=Status.SATISFIED, starts="2027-01-01")
    notes = (
        WaiverNote(
            "expired", "owner-known", "label maintainer", "joe@acme.example", "2026-11-01", place(12, "waivers.yaml")
        ),
        WaiverNote(
            "idle", "no-critical", "id CVE-2025-1111", "joe@acme.example", "2027-03-01", place(20, "waivers.yaml")
        ),
    )
    verdict = Passed(SUBJECT, BOTH, (TAGGED, SIGNED, accepted, clean, coming, ready))
    return document(verdict, 0, judged=(Judged(IMAGE, verdict, (), notes),))


def many_findings() -> Document:
    """More findings of one rule than a screen holds, on the only platform."""
    found = tuple(vulnerability(number) for number in range(1, 31))
    one = on(AMD64, "no-critical", Status.VIOLATED, 30, "vulnerabilities", findings=found)
    return document(Failed(SUBJECT, (AMD64,), (replace(TAGGED, covers=(AMD64,)), one)), 1)


def several() -> Document:
    """Three images, each with another verdict."""
    judged = tuple(
        replace(one().judged[0], image=image)
        for one, image in (
            (passed, "ghcr.io/acme/app:1.4.2"),
            (failed, "ghcr.io/acme/worker:1.4.2"),
            (unresolved, "ghcr.io/acme/cron:1.4.2"),
        )
    )
    return Document("0.1.0", AT, judged, CLOSURE, 1)


def wide() -> Document:
    """Texts of others with wide characters, marks, and everything a terminal or a runner would obey."""
    evil = replace(
        NO_MAINTAINER,
        what="the label maintainer is \x1b[2K\r\x1b[32mPASSED\x1b[0m",
        got="容器镜像的维护者是平台团队 ::error::owned ##[error]owned ##vso[task.complete]owned \u202egnp.exe " * 3,
        fix="コンテナのラベルを直してください。e\u0301 " * 8,
    )
    one = outcome("owner-known", Status.VIOLATED, 14, findings=(evil,), why="::set-output name=verdict::passed")
    return document(Failed(SUBJECT, BOTH, (TAGGED, one)), 1)


def unfinished() -> Document:
    """What stands in a report file until the run has ended: no rules were read yet (S8)."""
    cause = Undecided(reason("not-finished"), "The run has not finished", "Look at the log of the run.")
    verdict = Undetermined(None, (), (), (cause,))
    return Document("0.1.0", AT, (Judged(IMAGE, verdict),), Closure(Digest.of(b""), ()), 3)


SAMPLES: Final[Mapping[str, Document]] = MappingProxyType(
    {
        "passed": passed(),
        "failed": failed(),
        "undetermined": undetermined(),
        "unresolved": unresolved(),
        "unenforced": unenforced(),
        "waived": waived(),
        "many-findings": many_findings(),
        "several": several(),
        "wide": wide(),
        "unfinished": unfinished(),
    }
)
