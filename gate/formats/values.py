"""Formats of label values, by name, each over the whole value (S29).

Where a library reads a format, a grammar of allowed characters comes first: libraries strip blanks, fold
Unicode digits and accept a final newline.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from gate.errors import InvalidReference
from gate.formats.conventions import CONVENTIONS, is_semver
from gate.oci.digest import Digest

__all__ = ["FORMATS", "Format", "day_of", "is_blank", "unexpanded"]

#: Longer values are none of these formats; free text is `any`.
_MOST: Final = 2048


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `what` finishes the sentence "the value is …", `example` has it."""

    name: str
    what: str
    example: str
    holds: Callable[[str], bool]


def day_of(value: str) -> date | None:
    """Read a day (`2027-04-30`), or the day of a time as RFC 3339 writes it; None for anything else."""
    text = value[:_DAY_LENGTH] if _is_rfc3339(value) else value
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def is_blank(value: str) -> bool:
    """Tell whether nobody would see anything of the value: it is empty, or blanks and invisible characters."""
    return not any(unicodedata.category(one)[0] not in _UNSEEN and one not in _LOOKS_BLANK for one in value)


def unexpanded(value: str) -> str | None:
    """Give the first variable that a build should have replaced (`${VERSION}`, `%VERSION%`, `{{version}}`), if any."""
    pattern = _UNEXPANDED_URL if "://" in value else _UNEXPANDED
    match = pattern.search(value)
    return None if match is None else match[0]


#: Separators, control and format characters, and marks, which show only on another character.
_UNSEEN: Final = frozenset("ZCM")
#: Letters and symbols by category, drawn as nothing (Unicode, Default_Ignorable_Code_Point; Braille blank).
_LOOKS_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")

# Bounded repetitions keep the search linear. In URLs `%C3%A4` is an encoded character, not a variable.
_VARIABLE: Final = (
    r"\$\{[^{}]{1,80}\}|\$\([^()]{1,80}\)|\A\$[A-Za-z_][A-Za-z0-9_]{0,80}\Z"
    r"|\{\{[^{}]{1,80}\}\}|@[A-Z][A-Z0-9_]{2,80}@"
)
_UNEXPANDED: Final = re.compile(rf"{_VARIABLE}|%[A-Za-z_][A-Za-z0-9_]{{1,80}}%", re.ASCII)
_UNEXPANDED_URL: Final = re.compile(rf"{_VARIABLE}|%(?![0-9A-Fa-f]{{2}})[A-Za-z_][A-Za-z0-9_]{{1,80}}%", re.ASCII)

# HTML, "Valid e-mail address", with at least one dot in the domain: nobody can write to `root@localhost`.
# And the last label is no number (RFC 3696, section 2): that would be an address without its brackets.
_LOCAL_PART: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
_DOMAIN_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN: Final = rf"{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*"
_EMAIL: Final = re.compile(rf"{_LOCAL_PART}@(?:{_DOMAIN_LABEL}\.)+(?![0-9]+\Z){_DOMAIN_LABEL}", re.ASCII)
_MOST_EMAIL: Final = 254  # RFC 5321, section 4.5.3.1.3, without the brackets
# RFC 5322, section 3.4, "name-addr", without comments and folding.
_MAILBOX: Final = re.compile(r"[^<>\s][^<>]{0,200} <([^<>\s]+)>")

# RFC 3986, sections 3 and 3.2: no user information (it would be a credential), a host, a port that is one.
# Schemes and hosts are the same in capital letters (section 6.2.2.1).
_URL: Final = re.compile(
    rf"(?i:https?)://(?P<host>{_DOMAIN}|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
    r"(?:[/?#](?:[A-Za-z0-9._~!$&'()*+,;=:@/?#\[\]-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)
_MOST_PORT: Final = 65535

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DAY_LENGTH: Final = len("2027-04-30")
# RFC 3339, section 5.6, with the upper-case T and Z that Go's and Java's readers insist on.
_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]):([0-5][0-9]|60)(?:\.[0-9]{1,18})?"
    r"(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])",
    re.ASCII,
)
_LEAP: Final = "60"
_SPDX: Final = re.compile(r"[A-Za-z0-9.+:() -]{1,1000}", re.ASCII)
# SPDX 2.3, annex D: `DocumentRef-a:LicenseRef-b` names a licence of another document; `packaging` knows the end only.
_DOCUMENT: Final = re.compile(r"(?<![A-Za-z0-9.+:-])DocumentRef-[A-Za-z0-9.-]{1,200}:(?=LicenseRef-)", re.ASCII)
_MOST_BRACKETS: Final = 20  # `packaging` hands them to Python's own parser, which has a limit of its own


def _is_email(text: str) -> bool:
    return len(text) <= _MOST_EMAIL and _EMAIL.fullmatch(text) is not None and _has_plain_dots(text.partition("@")[0])


def _has_plain_dots(local: str) -> bool:
    # RFC 5321, "Dot-string": HTML's grammar is more generous than mail servers are.
    return not (local.startswith(".") or local.endswith(".") or ".." in local)


def _is_mailbox(text: str) -> bool:
    match = _MAILBOX.fullmatch(text)
    return _is_email(text) or (match is not None and text.isprintable() and _is_email(match[1]))


def _is_url(text: str) -> bool:
    match = _URL.fullmatch(text)
    if match is None or not _is_host(match["host"]):
        return False
    return match["port"] is None or 0 < int(match["port"]) <= _MOST_PORT


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return True
    from ipaddress import AddressValueError, IPv6Address

    try:
        IPv6Address(host[1:-1])
    except AddressValueError:
        return False
    return True


def _is_rfc3339(text: str) -> bool:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return False
    try:
        minute = datetime.fromisoformat(match[1] + match[3])
        return match[2] != _LEAP or _is_last_of_month(minute)
    except (ValueError, OverflowError):
        return False


def _is_last_of_month(minute: datetime) -> bool:
    """Tell whether a second 60 can be in this minute: RFC 3339, section 5.7, and appendix D."""
    utc = minute.replace(tzinfo=None) - (minute.utcoffset() or timedelta())
    after = utc + timedelta(minutes=1)
    return (after.day, after.hour, after.minute) == (1, 0, 0)


def _is_digest(text: str) -> bool:
    try:
        Digest.parse(text)
    except InvalidReference:
        return False
    return True


def _is_spdx(text: str) -> bool:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if _SPDX.fullmatch(text) is None or text != text.strip() or text.count("(") > _MOST_BRACKETS:
        return False
    try:
        canonicalize_license_expression(_DOCUMENT.sub("", text))
    except InvalidLicenseExpression:
        return False
    return True


def _bounded(holds: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: len(text) <= _MOST and holds(text)


def _convention(name: str) -> Callable[[str], bool]:
    return CONVENTIONS[name].holds


_ALL: Final = (
    Format("any", "any text that is not empty", "Order service", lambda text: not is_blank(text)),
    Format("email", "an e-mail address", "platform@acme.example", _bounded(_is_email)),
    Format("mailbox", "an e-mail address, with or without a name", "Ada <ada@acme.example>", _bounded(_is_mailbox)),
    Format("url", "an http or https URL without credentials", "https://github.com/acme/app", _bounded(_is_url)),
    Format("semver", "a full semantic version (X.Y.Z)", "1.4.2", is_semver),
    Format(
        "semver-v", "a full semantic version after a v", "v1.4.2", lambda text: text[:1] == "v" and is_semver(text[1:])
    ),
    Format("calver", "a calendar version or a day", "2026.11", _bounded(_convention("calver"))),
    Format("git-commit", "a git commit id, in full or shortened", "7c0bb30", _bounded(_convention("git-commit"))),
    Format(
        "git-commit-full",
        "a full git commit id (40 or 64 hex digits)",
        CONVENTIONS["git-commit-full"].example,
        _bounded(_convention("git-commit-full")),
    ),
    Format("rfc3339", "a time as RFC 3339 writes it", "2026-11-20T09:14:27Z", _bounded(_is_rfc3339)),
    Format("digest", "a digest", "sha256:" + "0f" * 32, _bounded(_is_digest)),
    Format("spdx", "an SPDX licence expression", "Apache-2.0 OR MIT", _bounded(_is_spdx)),
)
#: Every format that rule files can name.
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({one.name: one for one in _ALL})
