"""What stands behind a verdict: signatures, evidence, waivers to look at, what decided, what the reasons mean."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from gate.overview import other_causes
from gate.reports.html.page import MOST_ROWS, more, table
from gate.reports.html.rules import state
from gate.reports.html.tags import Markup, code, el, join, linked, prose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gate.evidence import Look
    from gate.finding import Reason
    from gate.overview import RuleOverview
    from gate.report import Document, Judged
    from gate.subject import Subject

__all__ = ["closure", "evidence", "moment", "reasons", "signatures", "waivers"]

#: The checks that ask who vouches for an image.
_VOUCHING: Final = frozenset({"attestation", "provenance", "signature"})


def moment(at: datetime) -> Markup:
    """Give a time, in UTC."""
    utc = at.astimezone(UTC)
    return el("time", utc.strftime("%Y-%m-%d %H:%M:%S UTC"), datetime=utc.isoformat().replace("+00:00", "Z"))


def signatures(rules: Sequence[RuleOverview]) -> Markup:
    """Say who signed, how and when, and what does not count; empty where no rule asks."""
    rows = []
    for rule in rules:
        if rule.check not in _VOUCHING:
            continue
        said = [_split(note.item.what, note.where) for note in rule.notes]
        said += [
            el("li", el("b", prose(placed.item.what)), el("span", placed.item.got, class_="detail"))
            for placed in rule.findings
        ]
        said += [el("li", el("b", prose(placed.item.what))) for placed in rule.undecided]
        shown = el("ul", *said[:MOST_ROWS], class_="plain") if said else el("span", "nothing", class_="quiet")
        rows.append(
            [
                state(rule.status),
                code(rule.rule),
                Markup(shown + more(len(said) - MOST_ROWS if len(said) > MOST_ROWS else 0, "signatures")),
            ]
        )
    return table(["outcome", "rule", "who and how"], rows, "Signatures") if rows else Markup("")


def _split(what: str, where: str) -> Markup:
    """Give what a check noted, with the part before the first colon in front: it says who."""
    who, _, how = what.partition(": ")
    on = el("span", "on ", where, class_="where") if where else Markup("")
    return el("li", el("b", who), on, el("span", how, class_="detail") if how else Markup(""))


def evidence(judged: Judged, rules: Sequence[RuleOverview]) -> Markup:
    """Say what was judged, and where was looked and what came back, each place once."""
    places: dict[Look, dict[str, None]] = {}
    for rule in rules:
        for look in (*rule.looked, *(point.item.look for point in rule.undecided if point.item.look is not None)):
            places.setdefault(look, {}).setdefault(rule.rule)
    for cause in other_causes(judged.verdict):
        if cause.look is not None:
            places.setdefault(cause.look, {})
    rows = [
        [code(look.status), el("span", linked(look.where), class_="address"), join(map(code, asked), " ")]
        for look, asked in places.items()
    ]
    subject = judged.verdict.subject
    about = _subject(subject) if subject is not None else Markup("")
    looked = table(["answer", "where", "rules"], rows, "Where was looked") if rows else Markup("")
    return Markup(about + (looked or el("p", "No rule had to look anywhere else.", class_="quiet")))


def _subject(subject: Subject) -> Markup:
    tagged = f"{subject.tag} (it is not asked again: the digest was given)" if subject.pinned else subject.tag
    pairs = [
        ("reference", code(subject.typed)),
        ("digest", code(subject.digest)),
        ("read from", code(subject.place)),
        ("would be copied from", code(subject.origin) if subject.origin else None),
        ("repository", code(subject.repository) if subject.repository else None),
        ("tag", code(tagged) if subject.tag else None),
        ("expected digest", code(subject.expected) if subject.expected is not None else None),
        ("media type", code(subject.media_type)),
        ("size", join([f"{len(subject.content)} bytes of manifest or index"])),
    ]
    return _pairs([(name, value) for name, value in pairs if value is not None])


def _pairs(pairs: Sequence[tuple[str, Markup]]) -> Markup:
    return el("dl", *(el("div", el("dt", name), el("dd", value)) for name, value in pairs), class_="pairs")


def waivers(judged: Judged) -> Markup:
    """List the waivers that have expired or accept nothing any more."""
    rows = [
        [code(note.state), code(note.rule), code(note.about), code(note.expires), code(note.owner), _place(note.place)]
        for note in judged.waivers
    ]
    heads = ["state", "rule", "about", "expires", "owner", "where"]
    return table(heads, rows, "Waivers to renew or remove") if rows else Markup("")


def _place(place: object) -> Markup:
    return el("span", str(place), class_="place")


def closure(document: Document) -> Markup:
    """Say what decided: time, files, options, and one digest over what is policy (S24)."""
    decided = document.closure
    digest = code(decided.rules_digest) if decided.files else el("em", "none were read", class_="quiet")
    pairs = [
        ("rules digest", digest),
        ("judged as of", moment(document.at)),
        ("gate", code(document.gate_version)),
        ("exit code", code(document.exit_code)),
        *((name, code(value)) for name, value in decided.options[:MOST_ROWS]),
        ("variables read", join(map(code, decided.environment[:MOST_ROWS]), " ") or el("em", "none", class_="quiet")),
    ]
    files = [[prose(file.role), code(file.path), code(file.digest)] for file in decided.files]
    shown = table(["what", "file", "digest"], files, "Files that decided") if files else Markup("")
    return Markup(_pairs(pairs) + shown)


def reasons(numbered: dict[Reason, int]) -> Markup:
    """Say what each reason code of the page means and what to do, so that nobody has to ask elsewhere."""
    entries = [
        el(
            "div",
            el("dt", code(reason.code), " ", el("b", prose(reason.title))),
            el("dd", el("p", prose(reason.meaning)), el("p", prose(reason.remedy))),
            id=f"reason-{number}",
        )
        for reason, number in numbered.items()
    ]
    return el("dl", *entries, class_="reasons")
