"""Quorums count distinct principals, in three values, and agree with trying everything."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.quorum import Group, Leaf, Node, Standing, is_met, leaves, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

A, B, NONE = frozenset("a"), frozenset("b"), frozenset[str]()


def test_leaf_is_met_by_any_principal() -> None:
    """One signer."""
    assert is_met(Leaf(0), [A])
    assert not is_met(Leaf(0), [NONE])


@pytest.mark.parametrize("least", [0, -1])
def test_group_that_asks_for_nothing_cannot_exist(least: int) -> None:
    """Everybody would meet it (S2)."""
    with pytest.raises(ValueError, match="at least one"):
        Group(least, (Leaf(0),))
    with pytest.raises(ValueError, match="at least one"):
        Group(1, ())


def test_same_principal_under_two_names_counts_once() -> None:
    """A key that two signers name is one key (S18)."""
    two = Group(2, (Leaf(0), Leaf(1)))
    assert not is_met(two, [A, A])
    assert is_met(two, [A, B])
    assert is_met(two, [A | B, A])


def test_one_leaf_counts_once_however_many_signed_for_it() -> None:
    """Two identities that match one signer fill one place."""
    assert not is_met(Group(2, (Leaf(0), Leaf(1))), [A | B, NONE])


def test_filling_is_found_where_greed_would_fail() -> None:
    """The first leaf has to leave its first choice to the second."""
    three = Group(3, (Leaf(0), Leaf(1), Leaf(2)))
    assert is_met(three, [frozenset("abc"), A, frozenset("ab")])


def test_principal_of_one_group_cannot_serve_another() -> None:
    """Distinctness holds over the whole rule."""
    rule = Group(2, (Leaf(0), Group(1, (Leaf(1), Leaf(2)))))
    assert not is_met(rule, [A, A, NONE])
    assert is_met(rule, [A, A, B])


def test_more_than_asked_for_is_enough() -> None:
    """At least one of two groups, both met."""
    assert is_met(Group(1, (Group(2, (Leaf(0), Leaf(1))), Leaf(2))), [A, B, frozenset("c")])


def test_three_values() -> None:
    """Met, still possible, impossible."""
    both = Group(2, (Leaf(0), Leaf(1)))
    assert standing(both, [A, B], [A, B]) is Standing.MET
    assert standing(both, [A, NONE], [A, B]) is Standing.UNKNOWN
    assert standing(both, [A, NONE], [A, A]) is Standing.NOT_MET


def test_leaves_in_order() -> None:
    """Every leaf once."""
    assert list(leaves(Group(1, (Leaf(2), Group(1, (Leaf(0), Leaf(1))))))) == [2, 0, 1]


@st.composite
def trees(draw: st.DrawFn, depth: int = 2) -> Node:
    """Draw a tree of a few leaves, numbered in order."""
    count = iter(range(100))

    def build(left: int) -> Node:
        if not left or draw(st.booleans()):
            return Leaf(next(count))
        parts = tuple(build(left - 1) for _ in range(draw(st.integers(1, 3))))
        return Group(draw(st.integers(1, len(parts))), parts)

    return build(depth)


def _ways(node: Node) -> Iterator[frozenset[int]]:
    if isinstance(node, Leaf):
        yield frozenset({node.place})
        return
    for chosen in combinations(node.parts, node.least):
        ways: list[frozenset[int]] = [frozenset()]
        for part in chosen:
            ways = [one | other for one in ways for other in _ways(part)]
        yield from ways


def _by_trying(node: Node, principals: list[frozenset[str]]) -> bool:
    everybody = sorted(frozenset().union(*principals)) if principals else []
    for way in _ways(node):
        places = sorted(way)
        for order in permutations(everybody, len(places)):
            if all(who in principals[place] for place, who in zip(places, order, strict=True)):
                return True
    return False


@given(st.data())
def test_agrees_with_trying_everything(data: st.DataObject) -> None:
    """Over small trees and few principals."""
    tree = data.draw(trees())
    count = len(list(leaves(tree)))
    principals = data.draw(st.lists(st.frozensets(st.sampled_from("abcd")), min_size=count, max_size=count))
    assert is_met(tree, principals) == _by_trying(tree, principals)


@given(st.data())
def test_another_principal_never_makes_it_worse(data: st.DataObject) -> None:
    """Adding who signed never turns a met quorum into one that is not."""
    tree = data.draw(trees())
    count = len(list(leaves(tree)))
    principals = data.draw(st.lists(st.frozensets(st.sampled_from("abc")), min_size=count, max_size=count))
    more = [one | data.draw(st.frozensets(st.sampled_from("abcde"))) for one in principals]
    assert is_met(tree, more) >= is_met(tree, principals)
