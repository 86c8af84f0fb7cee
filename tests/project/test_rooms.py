"""Each implementation has its page and its test, each reason its own code, each command its help."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from gate.cli.explain import all_reasons
from gate.cli.main import parser
from gate.rooms import load, names

ROOT = Path(__file__).parents[2]
ROOMS = ("checks", "signers", "scanners", "reports")
IMPLEMENTATIONS = [pytest.param(room, name, id=f"{room}/{name}") for room in ROOMS for name in names(room)]
SOURCES = ("registry", "oci-layout", "docker-archive")


def script(name: str) -> ModuleType:
    """Import one of scripts/."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_rooms_hold_what_the_readme_speaks_of() -> None:
    """Implementations are found by name: what the first release promises is among them, and in a fixed order."""
    promised = {
        "checks": {"complete", "image", "labels", "signature", "tag", "vulnerabilities"},
        "signers": {"cosign-key"},
        "scanners": {"trivy"},
        "reports": {"json", "terminal"},
    }
    for room, words in promised.items():
        assert words <= set(names(room))
        assert list(names(room)) == sorted(names(room))


@pytest.mark.parametrize(("room", "name"), IMPLEMENTATIONS)
def test_every_implementation_has_its_page(room: str, name: str) -> None:
    """docs/ROOM/NAME.md exists and starts with a heading that names it."""
    page = ROOT / "docs" / room / f"{name}.md"
    assert page.is_file(), f"{page.relative_to(ROOT)} is missing"
    heading = page.read_text(encoding="utf-8").splitlines()[0]
    assert heading.startswith("# ")
    assert name.split("-", maxsplit=1)[0].lower() in heading.lower()


@pytest.mark.parametrize(("room", "name"), IMPLEMENTATIONS)
def test_every_implementation_has_its_tests(room: str, name: str) -> None:
    """tests/ROOM/test_NAME.py exists, or a folder or several files that begin so."""
    found = list((ROOT / "tests" / room).glob(f"test_{name.replace('-', '_')}*"))
    assert found, f"no tests/{room}/test_{name.replace('-', '_')}.py"


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_has_its_page(name: str) -> None:
    """docs/sources/NAME.md exists, and the module too."""
    assert (ROOT / "docs" / "sources" / f"{name}.md").is_file()
    module = ROOT / "gate" / "sources" / name.replace("-", "_")
    assert module.with_suffix(".py").is_file() or module.is_dir()


@pytest.mark.parametrize("name", names("checks"))
def test_every_option_of_a_check_is_on_its_page(name: str) -> None:
    """No option is missing from the page of its check."""
    from dataclasses import fields

    from gate.option import key_of

    page = (ROOT / "docs" / "checks" / f"{name}.md").read_text(encoding="utf-8")
    missing = [key_of(field) for field in fields(load("checks", name).CHECK) if "doc" in field.metadata]
    assert not [key for key in missing if f"`{key}`" not in page and f"{key}:" not in page]


@pytest.mark.parametrize("name", names("signers"))
def test_every_option_of_a_signer_is_on_its_page(name: str) -> None:
    """No option is missing from the page of its signer."""
    from dataclasses import fields

    from gate.option import key_of

    page = (ROOT / "docs" / "signers" / f"{name}.md").read_text(encoding="utf-8")
    missing = [key_of(field) for field in fields(load("signers", name).SIGNER) if "doc" in field.metadata]
    assert not [key for key in missing if f"`{key}`" not in page and f"{key}:" not in page]


def test_reason_codes_are_unique_and_explained() -> None:
    """One code means one thing (`all_reasons` raises otherwise), in kebab-case, with meaning and remedy."""
    for code, reason in all_reasons().items():
        assert code.replace("-", "").isalnum()
        assert code == code.lower()
        assert reason.title, code
        assert not reason.title.endswith("."), f"{code}: a title is no sentence"
        assert reason.meaning, code
        assert reason.remedy, code


def test_the_pages_of_the_reasons_are_current() -> None:
    """`make docs` would change nothing in docs/reasons/."""
    assert script("reasons").stale() == []


def test_the_page_of_the_commands_is_current() -> None:
    """`make docs` would change nothing in docs/commands.md."""
    module = script("commands")
    assert module.PAGE.read_text(encoding="utf-8") == module.text()


def test_every_command_says_what_it_does() -> None:
    """Each command and subcommand has a description, and each of its options a help text."""
    for name, node in script("commands").commands(parser()).items():
        assert node.description, f"gate {name} has no description"
        silent = [action.dest for action in node._actions if not action.help and action.dest != "command"]
        assert not [dest for dest in silent if "command" not in dest], f"gate {name}: no help for {silent}"
