"""Whom the gate believes to be a host: the system's authorities, plus what the operator adds for it.

Order and file names are docker's (moby `daemon/pkg/registry/registry.go`, containers-certs.d(5)):
`certs.d/HOST[:PORT]/*.crt` are authorities, `*.cert` with a `*.key` of the same name a client certificate.
"""

from __future__ import annotations

import contextlib
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.printable import clip
from gate.sources.registry.reasons import TLS_NAME, TLS_PLAIN, TLS_TIME, TLS_UNTRUSTED
from gate.sources.registry.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.finding import Reason
    from gate.sources.registry.settings import Settings

__all__ = ["has_own_certificates", "make_context", "tls_trouble"]

MOST_CERTIFICATE_BYTES: Final = 1024 * 1024
MOST_CERTIFICATE_FILES: Final = 64

#: OpenSSL's X509_V_ERR_* (x509_vfy.h).
_NAME_ERRORS: Final = frozenset({62, 64})
_TIME_ERRORS: Final = frozenset({9, 10})


def has_own_certificates(settings: Settings, authority: str) -> bool:
    """Tell whether the operator gave certificates for this host: then it speaks TLS."""
    return bool(settings.registry_ca) or any((folder / authority).is_dir() for folder in settings.certs_folders)


def make_context(settings: Settings, authority: str) -> ssl.SSLContext:
    """Give the TLS context for a host; raises `Trouble` for certificate files that cannot be used.

    Not `ssl.create_default_context`: that one writes session keys to the file SSLKEYLOGFILE names (S41). Nor
    `load_default_certs`, which takes the authorities that SSL_CERT_FILE and SSL_CERT_DIR name (S27).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    _add_those_of_the_system(context)
    if settings.registry_ca:
        _add(context, settings.registry_ca, "--registry-ca")
    for folder in settings.certs_folders:
        _add_folder(context, folder / authority)
    return context


def _add_those_of_the_system(context: ssl.SSLContext) -> None:
    """Add the authorities at the places compiled into OpenSSL, or those of Windows (CPython `Lib/ssl.py`)."""
    if sys.platform == "win32":
        for store in ("CA", "ROOT"):
            for certificate, encoding, trust in ssl.enum_certificates(store):
                trusted = trust if isinstance(trust, bool) else ssl.Purpose.SERVER_AUTH.oid in trust
                if encoding == "x509_asn" and trusted:
                    with contextlib.suppress(ssl.SSLError):  # one that OpenSSL cannot read is one less to trust
                        context.load_verify_locations(cadata=certificate)
    else:
        places = ssl.get_default_verify_paths()
        file, folder = places.openssl_cafile, places.openssl_capath
        with contextlib.suppress(OSError):  # what is missing or unreadable is not trusted
            if Path(file).is_file():
                context.load_verify_locations(cafile=file)
        with contextlib.suppress(OSError):
            if Path(folder).is_dir():
                context.load_verify_locations(capath=folder)


def _add_folder(context: ssl.SSLContext, folder: Path) -> None:
    try:
        files = sorted(folder.iterdir())[:MOST_CERTIFICATE_FILES] if folder.is_dir() else []
        for file in files:
            if file.suffix == ".crt":
                with file.open("rb") as stream:
                    _add(context, stream.read(MOST_CERTIFICATE_BYTES), str(file))
    except OSError as error:
        raise Trouble(TLS_UNTRUSTED, f"{clip(str(folder))} cannot be read: {error.strerror or error}") from error
    _add_client_certificates(context, files)


def _add_client_certificates(context: ssl.SSLContext, files: Iterable[Path]) -> None:
    for file in files:
        if file.suffix != ".cert":
            continue
        key = file.with_suffix(".key")
        if not key.is_file():
            raise Trouble(
                TLS_UNTRUSTED,
                f"{clip(str(file))} is a client certificate without its {key.name}; an authority's certificate has to "
                "end in .crt",
            )
        try:
            # The password callback keeps OpenSSL from asking at the terminal for the one of an encrypted key.
            context.load_cert_chain(file, key, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            raise Trouble(TLS_UNTRUSTED, f"{clip(str(file))} and its key cannot be used: {_plain(error)}") from error


def _add(context: ssl.SSLContext, pem: bytes, name: str) -> None:
    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (UnicodeDecodeError, ValueError, ssl.SSLError) as error:
        raise Trouble(TLS_UNTRUSTED, f"{clip(name)} holds no certificate in PEM form: {_plain(error)}") from error


def tls_trouble(error: ssl.SSLError | OSError, authority: str) -> Trouble:
    """Say what a failed handshake means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason, what = _verification(error)
        return Trouble(
            reason, f"the certificate of {authority} {what}: {clip(error.verify_message or str(error), 200)}"
        )
    if isinstance(error, ssl.SSLError) and "CERTIFICATE" in (error.reason or ""):
        return Trouble(TLS_UNTRUSTED, f"{authority} did not accept the connection: {_plain(error)}")
    return Trouble(TLS_PLAIN, f"{authority} did not answer as TLS: {_plain(error)}")


def _verification(error: ssl.SSLCertVerificationError) -> tuple[Reason, str]:
    if error.verify_code in _NAME_ERRORS:
        return TLS_NAME, "is for another name"
    if error.verify_code in _TIME_ERRORS:
        return TLS_TIME, "is not valid now"
    return TLS_UNTRUSTED, "is not trusted"


def _plain(error: Exception) -> str:
    """Give the error without OpenSSL's source lines."""
    reason = getattr(error, "reason", None)
    if isinstance(error, ssl.SSLError) and isinstance(reason, str):
        return reason.replace("_", " ").lower()
    return clip(str(error), 200)
