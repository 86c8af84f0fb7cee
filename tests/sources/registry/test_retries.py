"""Asking again: when, how often, how long after, and when not (registry.md 7.3). No test waits."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from gate.errors import SourceError
from tests.servers.fake import FakeServer, Reply, Request
from tests.sources.registry.scripted import DIGEST, Pauses, found, open_at


def after(*replies: Reply) -> Callable[[Request], Reply]:
    """Give these first, then the manifest."""
    turns = itertools.chain(replies, itertools.repeat(found()))
    return lambda _: next(turns)


@pytest.mark.parametrize("status", [408, 425, 429, 499, 500, 502, 503, 504, 522])
def test_a_busy_registry_is_asked_again(status: int) -> None:
    """Twice busy, then it answers: that is a pass through."""
    pauses = Pauses()
    with FakeServer(after(Reply(status), Reply(status))) as server, open_at(server, wait=pauses.wait) as source:
        assert source.resolve().digest == DIGEST
    assert len(server.requests) == 3
    first, second = pauses.waited
    assert 0.4 <= first <= 0.6
    assert 0.8 <= second <= 1.2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 412, 501, 505])
def test_an_answer_that_would_stay_the_same_is_taken(status: int) -> None:
    """Asking again would change nothing."""
    pauses = Pauses()
    script = lambda request: Reply(status if "manifests" in request.path else 404)  # noqa: E731 -- one line
    with FakeServer(script) as server, open_at(server, wait=pauses.wait) as source, pytest.raises(SourceError):
        source.resolve()
    assert pauses.waited == []
    assert sum("manifests" in target for target in server.targets) == 1


def test_after_four_times_it_is_an_error() -> None:
    """It says what the last answer was."""
    pauses = Pauses()
    with FakeServer(lambda _: Reply(503, b"down")) as server, open_at(server, wait=pauses.wait) as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "registry-error"
    assert "answered 503: down" in str(caught.value)
    assert (len(server.requests), len(pauses.waited)) == (4, 3)


def test_a_connection_that_breaks_is_opened_again() -> None:
    """Resets and cut answers happen."""
    broken = Reply(raw=[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
    with FakeServer(after(broken, Reply(raw=[]))) as server, open_at(server) as source:
        assert source.resolve().digest == DIGEST


def test_retry_after_seconds_are_waited() -> None:
    """As long as the registry says, not our own guess."""
    pauses = Pauses()
    with FakeServer(after(Reply(429, headers={"Retry-After": "7"}))) as server:
        with open_at(server, wait=pauses.wait) as source:
            source.resolve()
    assert pauses.waited == [7.0]


def test_retry_after_a_date_counts_from_the_answers_own_date() -> None:
    """Our clock may be off; the difference of theirs is not."""
    pauses = Pauses()
    headers = {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT", "Date": "Fri, 31 Dec 1999 23:59:50 GMT"}
    with FakeServer(after(Reply(503, headers=headers))) as server, open_at(server, wait=pauses.wait) as source:
        source.resolve()
    assert pauses.waited == [9.0]


@pytest.mark.parametrize("told", ["-5", "soon", "", "1e3", "Fri, 31 Dec 1999 23:59:59 GMT", "٧"])
def test_retry_after_nonsense_is_our_own_pause(told: str) -> None:
    """Negative, past, garbage, digits of other scripts."""
    pauses = Pauses()
    headers = {"Retry-After": told, "Date": "Sat, 01 Jan 2000 00:00:00 GMT"}
    with FakeServer(after(Reply(503, headers=headers))) as server, open_at(server, wait=pauses.wait) as source:
        source.resolve()
    assert len(pauses.waited) == 1
    assert 0.4 <= pauses.waited[0] <= 0.6


@pytest.mark.parametrize("told", ["61", "120", "999999999"])
def test_a_longer_wait_than_a_pipeline_should_hang_is_told_instead(told: str) -> None:
    """The user hears at once when to come back."""
    pauses = Pauses()
    script = lambda _: Reply(429, b'{"errors":[{"code":"TOOMANYREQUESTS"}]}', {"Retry-After": told})  # noqa: E731
    with FakeServer(script) as server, open_at(server, wait=pauses.wait) as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "rate-limited"
    assert f"(again in {told[:9]} s, it says)" in str(caught.value).replace("1e+09", "999999999")
    assert pauses.waited == []


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    """With five seconds left, seven are too many."""
    pauses = Pauses()
    script = lambda _: Reply(429, headers={"Retry-After": "7"})  # noqa: E731
    with FakeServer(script) as server, open_at(server, wait=pauses.wait, clock=pauses.clock, seconds=5.0) as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
    assert caught.value.code == "rate-limited"
    assert pauses.waited == []


def test_the_limits_of_docker_hub_are_shown() -> None:
    """Who is counted, and against what."""
    headers = {
        "Retry-After": "900", "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600",
        "docker-ratelimit-source": "192.0.2.1",
    }  # fmt: skip
    body = b'{"message":"toomanyrequests: You have reached your pull rate limit"}'
    with FakeServer(lambda _: Reply(429, body, headers)) as server, open_at(server) as source:
        with pytest.raises(SourceError) as caught:
            source.resolve()
    assert "limit 100;w=21600, remaining 0;w=21600, for 192.0.2.1" in str(caught.value)
    assert "You have reached your pull rate limit" in str(caught.value)
