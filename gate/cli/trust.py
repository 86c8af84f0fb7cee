"""`gate trust update`: fetch a trusted root and write it to a file, to look at and to commit.

The only command that goes out for trust. Sigstore distributes its root through a TUF repository; python-tuf walks from
a first root, which is believed because it is here or was given, to the newest one, and checks everything in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gate.errors import GateError, MalformedData, UsageError

if TYPE_CHECKING:
    import argparse
    from datetime import datetime
    from pathlib import Path

    from gate.cli._world import World
    from gate.formats.trusted_root import TrustedRoot

__all__ = ["add_parser", "run"]

#: The public instance (sigstore/root-signing). Its first root comes with the gate.
PUBLIC: Final = "https://tuf-repo-cdn.sigstore.dev"
_FILE: Final = "trust/sigstore.json"
_TARGET: Final = "trusted_root.json"
_MOST_ROOT_BYTES: Final = 512 * 1024
_LOOPBACK: Final = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")
#: Roles whose expiry says until when the root is good; the others only say how fresh the repository was.
_LASTING: Final = ("root", "targets")


class TrustError(GateError):
    """The trusted root could not be fetched; nothing was written."""


class _Fetched(NamedTuple):
    content: bytes
    version: str
    expires: datetime


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `trust` and its command to the command line."""
    top = commands.add_parser(
        "trust",
        help="fetch what signatures are believed by: update",
        description="Work on files of trusted roots. Nothing else in the gate fetches them.",
        add_help=False,
        allow_abbrev=False,
    )
    inner = top.add_subparsers(dest="trust_command", metavar="COMMAND", required=True)
    update = inner.add_parser(
        "update",
        help="fetch the newest trusted root of a Sigstore instance, and write it to a file to commit",
        description="Fetch the newest trusted root through TUF, say what changes, and write the file.",
        add_help=False,
        allow_abbrev=False,
    )
    update.add_argument("file", nargs="?", default=_FILE, metavar="FILE", help=f"what to write (default: {_FILE})")
    update.add_argument(
        "--from", dest="source", default=PUBLIC, metavar="URL", help=f"TUF repository (default: {PUBLIC})"
    )
    update.add_argument("--root", metavar="FILE", help="the first root.json that is believed, for any other repository")
    update.add_argument("--target", default=_TARGET, metavar="NAME", help=f"name of the target (default: {_TARGET})")
    update.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")


def run(arguments: argparse.Namespace, world: World) -> int:
    """Fetch, compare, write. 0 if the file is current afterwards (with --dry-run: if it could be made so)."""
    from pathlib import Path

    from gate.formats.trusted_root import parse_trusted_root

    first = _first_root(arguments)
    fetched = _fetch(arguments.source, first, arguments.target)
    try:
        root = parse_trusted_root(fetched.content, arguments.target)
    except MalformedData as error:
        raise TrustError(f"what {arguments.source} holds is no trusted root that is understood: {error}") from error
    path = Path(arguments.file)
    before = _before(path)
    for line in _changes(before, root):
        world.stdout.write(f"{line}\n")
    if arguments.dry_run:
        world.say("gate: nothing was written (--dry-run)")
        return 0
    _write(path, _document(arguments.source, fetched, world.now()))
    world.say(
        f"gate: {path} holds version {fetched.version}, to be believed until {fetched.expires:%Y-%m-%d}: "
        "look at it and commit it"
    )
    return 0


def _first_root(arguments: argparse.Namespace) -> bytes:
    """Give the root that everything is believed from; a private repository's has to be given (S22)."""
    from importlib.resources import files
    from pathlib import Path

    source = arguments.source
    if not source.startswith("https://") and not source.startswith(_LOOPBACK):
        raise UsageError(f"--from takes an https:// address, not {source!r}")
    if arguments.root is None:
        if source.rstrip("/") != PUBLIC:
            raise UsageError("say which root of this repository is believed: --root root.json (from whoever runs it)")
        return files("gate.sigstore").joinpath("first-root.json").read_bytes()
    path = Path(arguments.root)
    try:
        if path.stat().st_size > _MOST_ROOT_BYTES:
            raise UsageError(f"{path} is larger than any root.json")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} could not be read: {error.strerror}") from error


def _fetch(source: str, first: bytes, target: str) -> _Fetched:
    """Walk the repository from the first root; raises `TrustError` for whatever goes wrong on the way."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    try:
        from tuf.api.exceptions import DownloadError, RepositoryError
        from tuf.api.metadata import Metadata
        from tuf.ngclient import Updater
    except ImportError as error:
        raise UsageError(
            "this command needs the TUF client: install the gate with it (`pip install 'image-gate[trust]'`)"
        ) from error
    with TemporaryDirectory(prefix="gate-trust-") as folder:
        place = Path(folder)
        try:
            updater = Updater(
                metadata_dir=str(place),
                metadata_base_url=source,
                target_dir=str(place),
                target_base_url=f"{source.rstrip('/')}/targets/",
                bootstrap=first,
            )
            updater.refresh()
            info = updater.get_targetinfo(target)
            if info is None:
                raise TrustError(f"{source} has no target {target!r}")
            content = Path(updater.download_target(info)).read_bytes()
            lasting = [Metadata.from_file(str(place / f"{role}.json")).signed for role in _LASTING]
        except (RepositoryError, DownloadError, OSError, ValueError) as error:
            raise TrustError(f"{source} could not be read: {type(error).__name__}: {error}") from error
    return _Fetched(content, str(lasting[-1].version), min(one.expires for one in lasting))


def _document(source: str, fetched: _Fetched, now: datetime) -> bytes:
    """Write the file: the root as it came, and beside it what says how long it is good (S22)."""
    import json

    from gate.formats.trust_file import FORMAT

    made = {
        "format": FORMAT,
        "source": source,
        "version": fetched.version,
        "fetched": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "expires": f"{fetched.expires:%Y-%m-%dT%H:%M:%SZ}",
        "trustedRoot": json.loads(fetched.content),
    }
    return (json.dumps(made, indent=2, ensure_ascii=False) + "\n").encode()


def _before(path: Path) -> TrustedRoot | None:
    from gate.formats.trust_file import parse_trust_file

    try:
        content = path.read_bytes()
    except OSError:
        return None
    try:
        roots = parse_trust_file(content, str(path)).roots
    except MalformedData as error:
        raise UsageError(f"{error}; nothing was overwritten: name another file, or remove this one") from error
    return roots[0] if len(roots) == 1 else None


def _changes(before: TrustedRoot | None, after: TrustedRoot) -> list[str]:
    """Say in one line for each log and authority what comes, goes and stays."""
    old = set() if before is None else set(_lines(before))
    new = _lines(after)
    gone = [f"- {line}" for line in ([] if before is None else _lines(before)) if line not in set(new)]
    return [f"{' ' if line in old else '+'} {line}" for line in new] + gone


def _lines(root: TrustedRoot) -> list[str]:
    told = [f"transparency log       {one.name}  {one.id.hex()[:16]}  {one.window}" for one in root.logs]
    told += [f"certificate log        {one.name}  {one.id.hex()[:16]}  {one.window}" for one in root.ct_logs]
    for what, authorities in (
        ("certificate authority ", root.authorities),
        ("timestamp authority   ", root.timestampers),
    ):
        told += [f"{what} {one.uri}  {one.chain[0].fingerprint[7:23]}  {one.window}" for one in authorities]
    return told


def _write(path: Path, content: bytes) -> None:
    """Replace the file whole or not at all."""
    import os

    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)  # noqa: PTH105 -- the same, said on one line with its reason
    except OSError as error:
        raise TrustError(f"{path} could not be written: {error.strerror}") from error
