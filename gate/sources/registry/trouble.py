"""What goes wrong on the way to an answer; the source turns it into `Unavailable` or `SourceError`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import GateError

if TYPE_CHECKING:
    from gate.finding import Reason

__all__ = ["Trouble"]


class Trouble(GateError):  # noqa: N818 -- internal: it leaves as a fact or as SourceError
    """No usable answer: the reason, one sentence, where it happened and what came back.

    `retries` says how often asking again makes sense, `wait` how long the host asked to wait.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        where: str = "",
        status: str = "",
        retries: int = 0,
        wait: float | None = None,
    ) -> None:
        """Keep all of it."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.where = where
        self.status = status or reason.code
        self.retries = retries
        self.wait = wait

    def at(self, where: str) -> Trouble:
        """Give it with the place, where it was not known yet."""
        self.where = self.where or where
        return self
