"""What an error of a registry says, as one sentence, and which reason it is (registry.md 7.1, 7.2).

Bodies come as the spec's JSON, as several other JSONs, text, HTML, XML or nothing. Whatever they say is
shown to people only, cut short; what follows from an error depends on its status.
"""

from __future__ import annotations

import html
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from gate.errors import MalformedData
from gate.printable import clip
from gate.sources.registry.reasons import (
    DENIED,
    NOT_A_REGISTRY,
    PROXY,
    RATE_LIMITED,
    REGISTRY_ERROR,
    REGISTRY_POLICY,
    UNAUTHORIZED,
)
from gate.sources.registry.trouble import Trouble
from gate.strict_json import parse_strict

if TYPE_CHECKING:
    from gate.finding import Reason
    from gate.sources.registry.transport import Answer

__all__ = ["error_codes", "error_text", "is_html", "retry_after", "status_trouble"]

#: ggcr's list and 425: the host was busy or broken, the same request may succeed.
RETRIED: Final = frozenset({408, 425, 429, 499, 500, 502, 503, 504, 522})
MOST_RETRIES: Final = 3

_MOST_TEXT: Final = 200
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{0,2000})", re.IGNORECASE)
_XML = re.compile(r"<(Code|Message)>([^<]{0,200})</", re.ASCII)
_REASONS: Final[dict[int, Reason]] = {
    401: UNAUTHORIZED, 403: DENIED, 407: PROXY, 412: REGISTRY_POLICY, 429: RATE_LIMITED,
}  # fmt: skip
_REQUEST_IDS: Final = ("x-request-id", "x-github-request-id", "x-amzn-requestid", "x-ms-correlation-request-id")
_OK: Final = 200
_TOO_MANY: Final = 429
_SERVER: Final = 500


def is_html(answer: Answer) -> bool:
    """Tell whether an answer is a web page: no registry sends one, but proxies and sign-on pages do."""
    return answer.media_type in {"text/html", "application/xhtml+xml"} or answer.body[:64].lstrip().lower().startswith(
        (b"<!doctype html", b"<html")
    )


def error_codes(answer: Answer) -> frozenset[str]:
    """Give the codes of a spec-formed error body (distribution-spec, "Error Codes"), upper case."""
    return frozenset(code for code, _ in _spec_errors(_json(answer)) if code)


def error_text(answer: Answer) -> str:
    """Give what the body says, in at most a line; says so where it is a page or nothing."""
    if is_html(answer):
        title = _TITLE.search(answer.body[:4096].decode("utf-8", "replace"))
        named = f' titled "{_shown(html.unescape(title[1]))}"' if title is not None and title[1].strip() else ""
        return f"a web page{named}"
    body = _json(answer)
    told = "; ".join(_sentence(code, message) for code, message in _spec_errors(body)[:3]) or _other_json(body)
    if told:
        return _shown(told)
    text = answer.body[:4096].decode("utf-8", "replace").strip()
    parts = [match[2] for match in _XML.finditer(text)] if text.startswith("<") else []
    return _shown(": ".join(parts) or text.partition("\n")[0]) or "no text"


def status_trouble(answer: Answer, who: str) -> Trouble:
    """Say what an answer with an error status means; `who` is "the registry", "the token server" or a storage host."""
    status = answer.status
    reason = _REASONS.get(status, REGISTRY_ERROR)
    page = is_html(answer)
    if page and status < _SERVER and reason in {DENIED, REGISTRY_ERROR}:
        reason = DENIED if status == 403 else NOT_A_REGISTRY  # noqa: PLR2004 -- a proxy's page, or access denied
    between = "; usually a proxy or firewall in between says this" if page else ""
    wait = retry_after(answer)
    later = f" (again in {wait:g} s, it says)" if wait is not None and status in RETRIED else ""
    number = next((f"; request id {clip(answer.one(name), 80)}" for name in _REQUEST_IDS if answer.one(name)), "")
    return Trouble(
        reason,
        f"{who} {answer.url.origin.authority} answered {status}: {error_text(answer)}{between}{later}{number}"
        f"{_limits(answer)}",
        where=answer.url.shown,
        status=str(status),
        retries=MOST_RETRIES if status in RETRIED else 0,
        wait=wait,
    )


def retry_after(answer: Answer) -> float | None:
    """Read Retry-After (RFC 9110 section 10.2.3); a date counts from the answer's own Date, as our clock may be off."""
    told = answer.one("retry-after").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        seconds = (parsedate_to_datetime(told) - parsedate_to_datetime(answer.one("date"))).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds >= 0 else None


def _limits(answer: Answer) -> str:
    """Say the limit where a registry tells it (Docker Hub's headers)."""
    if answer.status != _TOO_MANY:
        return ""
    limit, remaining = answer.one("ratelimit-limit"), answer.one("ratelimit-remaining")
    source = answer.one("docker-ratelimit-source")
    parts = [
        f"limit {limit}" if limit else "",
        f"remaining {remaining}" if remaining else "",
        f"for {source}" if source else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f"; {clip(told, 120)}" if told else ""


def _json(answer: Answer) -> object:
    try:
        return parse_strict(answer.body, "the error")
    except MalformedData:
        return None


def _spec_errors(body: object) -> list[tuple[str, str]]:
    errors = body.get("errors") if isinstance(body, dict) else body
    found: list[tuple[str, str]] = []
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            code, message = error.get("code"), error.get("message")
            found.append((code.upper() if isinstance(code, str) else "", message if isinstance(message, str) else ""))
    return found


def _sentence(code: str, message: str) -> str:
    return f"{code}: {message}" if code and message else code or message


def _other_json(body: object) -> str:
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return ""
    parts = [body.get(name) for name in ("error", "error_description", "message", "details")]
    return ": ".join(part for part in parts if isinstance(part, str) and part)


def _shown(text: str) -> str:
    return clip(" ".join(text.split()), _MOST_TEXT)
