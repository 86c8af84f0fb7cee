"""Write docs/packs/: one page for each rule pack, made from the pack itself.

`python scripts/packs.py` writes the pages; with `--check` it exits with 1 if a page is missing, outdated or left over.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import yaml

from gate.ruleset.nodes import Entry, ListNode, MapNode, Node, ScalarNode, parse

ROOT = Path(__file__).parent.parent
PACKS = ROOT / "rules"
PAGES = ROOT / "docs" / "packs"
_SIGNER = '{kind: cosign-key, key: keys/release.pub, log: none, images: "ghcr.io/acme/**"}'


def opening(text: str) -> list[str]:
    """Give the paragraphs of the comment that a pack starts with, without an example: the page has its own."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    parts = "\n".join(lines).split("\n\n")
    prose = (part for part in parts if part.strip() and not part.startswith("  "))
    return [textwrap.fill(part, 118, break_long_words=False) for part in prose]


def rules_of(name: str) -> dict[str, Node]:
    """Give the entries of `rules:` of a pack."""
    node = parse(name, (PACKS / f"{name}.yaml").read_bytes(), [])
    assert isinstance(node, MapNode)
    section = next(entry.value for entry in node.entries if entry.key.text == "rules")
    assert isinstance(section, MapNode)
    return {entry.key.text: entry.value for entry in section.entries}


def extended(name: str) -> list[str]:
    """Give the packs that a pack extends."""
    document = yaml.safe_load((PACKS / f"{name}.yaml").read_text(encoding="utf-8"))
    found = document.get("extends", [])
    return [one.removeprefix("builtin:") for one in ([found] if isinstance(found, str) else found)]


def word(node: Node) -> str:
    """Write a value on one line."""
    if isinstance(node, ScalarNode):
        return node.text
    if isinstance(node, ListNode):
        return ", ".join(map(word, node.items))
    return "; ".join(f"{entry.key.text}: {word(entry.value)}" for entry in node.entries)


def asks(entries: dict[str, Node]) -> str:
    """Say what a rule asks for, in the words of its file."""
    head = {"check", "level", "why", "fix", "for", "from", "final", "waivable", "replaces"}
    return "<br>".join(f"`{key}: {word(node)}`" for key, node in entries.items() if key not in head).replace("|", "\\|")


def row(name: str, node: Node) -> str:
    """Give a rule's row."""
    assert isinstance(node, MapNode)
    entries = {entry.key.text: entry.value for entry in node.entries}
    check = word(entries["check"])
    level = word(entries["level"]) if "level" in entries else "error"
    why = word(entries["why"]).replace("|", "\\|")
    return f"| `{name}` | [{check}](../checks/{check}.md) | {level} | {asks(entries)} | {why} |\n"


def needs_signer(name: str) -> bool:
    """Tell whether whoever uses the pack has to say who signs."""
    own = any(isinstance(node, MapNode) and _named(node.entries) for node in rules_of(name).values())
    return own or any(needs_signer(one) for one in extended(name))


def _named(entries: tuple[Entry, ...]) -> bool:
    return any(entry.key.text == "check" and word(entry.value) == "signature" for entry in entries)


def page(name: str) -> str:
    """Give the text of one page."""
    text = (PACKS / f"{name}.yaml").read_text(encoding="utf-8")
    first, *more = opening(text)
    below = extended(name)
    signers = f"signers:\n  release: {_SIGNER}\n" if needs_signer(name) else ""
    alone = "" if signers else f"\nOr as it is: `gate check IMAGE --rules builtin:{name}`.\n"
    includes = ", ".join(f"[{one}]({one}.md)" for one in below)
    also = f"\nThe rules of {includes} hold too, but for those that are replaced here.\n" if below else ""
    table = "".join(row(rule, node) for rule, node in rules_of(name).items())
    return (
        f"# Rule pack `{name}`\n\n{first.partition(': ')[2][:1].upper()}{first.partition(': ')[2][1:]}\n\n"
        + "".join(f"{part}\n\n" for part in more)
        + f"```yaml\ngate: 1\nextends: builtin:{name}\n{signers}```\n{alone}\n## Its rules\n{also}\n"
        + f"| rule | check | level | asks for | why |\n|---|---|---|---|---|\n{table}\n"
        + f"## The file\n\n```yml\n{text}```\n\n---\nMade from [rules/{name}.yaml](../../rules/{name}.yaml). "
        + "[All packs](../rule-packs.md)\n"
    )


def pages() -> dict[str, str]:
    """Give every file of docs/packs/ with its text."""
    return {f"{file.stem}.md": page(file.stem) for file in sorted(PACKS.glob("*.yaml"))}


def stale() -> list[str]:
    """Give the names of pages that are missing, outdated or left over."""
    wanted = pages()
    there = {file.name: file.read_text(encoding="utf-8") for file in PAGES.glob("*.md")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main(arguments: list[str]) -> int:
    """Check or write the pages."""
    names = stale()
    if "--check" in arguments:
        if names:
            print(f"docs/packs/ is not current ({', '.join(names)}): run `python scripts/packs.py`")
        return 1 if names else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for name in names:
        if name in wanted:
            (PAGES / name).write_text(wanted[name], encoding="utf-8", newline="\n")
        else:
            (PAGES / name).unlink()
    print(f"docs/packs/: {len(names)} pages written or removed, {len(wanted)} in all")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
