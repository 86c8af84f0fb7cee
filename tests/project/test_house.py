"""The rules of the house that no linter knows: sizes, docstrings, no `assert` where a verdict is made."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "gate").rglob("*.py"))
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 50

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def name_of(module: Path) -> str:
    """Give the module as `gate/checks/tag.py`."""
    return module.relative_to(ROOT).as_posix()


def parsed(module: Path) -> ast.Module:
    """Give the syntax tree of a module."""
    return ast.parse(module.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_can_be_read_in_one_go(module: Path) -> None:
    """No module has more than 400 lines."""
    lines = len(module.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{name_of(module)} has {lines} lines: split it"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_function_fits_on_a_screen(module: Path) -> None:
    """No function has more than 50 lines."""
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.FunctionDef)
        and node.end_lineno
        and node.end_lineno - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]
    assert not long, f"{name_of(module)}: {', '.join(long)}"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_assert_in_the_package(module: Path) -> None:
    """`python -O` removes `assert`: nothing may rest on one."""
    lines = [node.lineno for node in ast.walk(parsed(module)) if isinstance(node, ast.Assert)]
    assert not lines, f"{name_of(module)} asserts in lines {lines}: raise RuntimeError"


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_everything_public_says_what_it_is(module: Path) -> None:
    """Each module, public class, function and method has a docstring."""
    tree = parsed(module)
    silent = [] if ast.get_docstring(tree) else ["the module itself"]
    silent += [node.name for node in public(tree) if not ast.get_docstring(node)]
    assert not silent, f"{name_of(module)}: no docstring for {', '.join(silent)}"


def public(node: ast.Module | ast.ClassDef) -> list[Definition]:
    """Give the public definitions of a module or class, and those inside its public classes."""
    found: list[Definition] = []
    for child in node.body:
        if not isinstance(child, Definition) or child.name.startswith("_") or overloaded(child):
            continue
        found.append(child)
        if isinstance(child, ast.ClassDef):
            found += public(child)
    return found


def overloaded(node: Definition) -> bool:
    """Tell whether this is an `@overload` or an `@override`: the docstring stands elsewhere."""
    names = {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
    return bool(names & {"overload", "override"})


def test_no_module_is_called_helpers() -> None:
    """A name such as `util` says nothing about what is inside."""
    empty_words = {"util", "utils", "helpers", "common", "misc", "manager", "data", "info"}
    assert not [name_of(module) for module in MODULES if module.stem.strip("_") in empty_words]


def test_every_suppression_gives_its_reason() -> None:
    """Each `noqa` and `type: ignore` names its code and says why."""
    silent = [
        f"{name_of(module)}:{number}: {line.strip()}"
        for module in MODULES
        for number, line in enumerate(module.read_text(encoding="utf-8").splitlines(), 1)
        if ("# noqa" in line and "--" not in line.partition("# noqa")[2])
        or ("type: ignore" in line and "type: ignore[" not in line)
    ]
    assert not silent, "\n".join(silent)
