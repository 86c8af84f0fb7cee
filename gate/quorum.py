"""Quorums: whether enough distinct principals signed, in three values (S18, DESIGN section 4).

A quorum is a tree: a leaf asks for one signer, a group for at least so many of its parts. Every leaf that
is counted needs a principal of its own, and no principal fills two leaves: one person with a key under two
names is still one person. Choosing who fills what is a flow from the demands through the leaves to the
principals; it is searched for every choice among nested groups, of which a rule has a handful.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from itertools import combinations, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

__all__ = ["Group", "Leaf", "Node", "Standing", "is_met", "leaves", "standing"]


class Standing(Enum):
    """Whether a quorum is met, could still be, or could not even if everything unknown turned out well."""

    MET = "met"
    UNKNOWN = "unknown"
    NOT_MET = "not met"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One signer asked for. `place` is its number in the tree: two leaves are two, also of one signer."""

    place: int


@dataclass(frozen=True, slots=True)
class Group:
    """At least `least` of `parts`. Refuses to ask for nothing, which everybody would meet (S2)."""

    least: int
    parts: tuple[Node, ...]

    def __post_init__(self) -> None:
        """Raise `ValueError` for an empty group or one that asks for less than one part."""
        if self.least < 1 or not self.parts:
            msg = "a group asks for at least one of at least one part"
            raise ValueError(msg)


Node = Leaf | Group

#: So many of these leaves.
Demand = tuple[int, tuple[int, ...]]


def standing(node: Node, certain: Sequence[frozenset[Hashable]], possible: Sequence[frozenset[Hashable]]) -> Standing:
    """Judge a tree. For each leaf, `certain` are the principals that count, `possible` these and those that might."""
    if is_met(node, certain):
        return Standing.MET
    return Standing.UNKNOWN if is_met(node, possible) else Standing.NOT_MET


def is_met(node: Node, principals: Sequence[frozenset[Hashable]]) -> bool:
    """Tell whether the leaves can be filled with distinct principals so that the tree holds."""
    return any(_can_fill(demands, principals) for demands in _demands(node))


def leaves(node: Node) -> Iterator[int]:
    """Give the places of all leaves, in order."""
    if isinstance(node, Leaf):
        yield node.place
    else:
        for part in node.parts:
            yield from leaves(part)


def _demands(node: Node) -> Iterator[tuple[Demand, ...]]:
    """Give every way to meet a tree as demands on disjoint sets of leaves."""
    if isinstance(node, Leaf):
        yield ((1, (node.place,)),)
        return
    single = tuple(part.place for part in node.parts if isinstance(part, Leaf))
    groups = tuple(part for part in node.parts if isinstance(part, Group))
    for nested in range(min(node.least, len(groups)) + 1):
        own = (node.least - nested, single)
        for chosen in combinations(groups, nested):
            for ways in product(*(tuple(_demands(group)) for group in chosen)):
                yield (own, *(demand for way in ways for demand in way))


def _can_fill(demands: tuple[Demand, ...], principals: Sequence[frozenset[Hashable]]) -> bool:
    """Tell whether a flow fills every demand: source → demand → leaf (once) → principal (once) → sink."""
    flow: dict[Hashable, dict[Hashable, int]] = defaultdict(dict)

    def pipe(start: Hashable, end: Hashable, width: int) -> None:
        flow[start][end] = width
        flow[end].setdefault(start, 0)

    for number, (least, places) in enumerate(demands):
        pipe("source", ("demand", number), least)
        for place in places:
            pipe(("demand", number), ("leaf", place), 1)
            for principal in principals[place]:
                pipe(("leaf", place), ("principal", principal), 1)
                pipe(("principal", principal), "sink", 1)
    return all(_push(flow) for _ in range(sum(least for least, _ in demands)))


def _push(flow: dict[Hashable, dict[Hashable, int]]) -> bool:
    """Send one more unit along a shortest path, if there is one (Edmonds and Karp)."""
    came: dict[Hashable, Hashable] = {"source": None}
    queue: deque[Hashable] = deque(["source"])
    while queue:
        here = queue.popleft()
        for there, width in flow[here].items():
            if width and there not in came:
                came[there] = here
                queue.append(there)
    if "sink" not in came:
        return False
    end: Hashable = "sink"
    while end != "source":
        start = came[end]
        flow[start][end] -= 1
        flow[end][start] += 1
        end = start
    return True
