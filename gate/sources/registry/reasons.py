"""Why a registry could not answer: the reason codes of this source, each with what to do."""

from __future__ import annotations

from typing import Final

from gate.finding import Reason

__all__ = [
    "ADDRESS_REFUSED",
    "ANSWER_ENCODED",
    "CREDENTIALS_REFUSED",
    "CREDENTIAL_HELPER",
    "DENIED",
    "DIGEST_MISMATCH",
    "DIGEST_NOT_FOUND",
    "LIST_CUT_SHORT",
    "NETWORK",
    "NOT_ANSWERED_HERE",
    "NOT_A_REGISTRY",
    "OFFLINE",
    "PROXY",
    "RATE_LIMITED",
    "REALM_REFUSED",
    "REDIRECT_REFUSED",
    "REGISTRY_ERROR",
    "REGISTRY_POLICY",
    "REPOSITORY_UNKNOWN",
    "TAG_NOT_FOUND",
    "TIMEOUT",
    "TLS_NAME",
    "TLS_PLAIN",
    "TLS_TIME",
    "TLS_UNTRUSTED",
    "TOO_LARGE",
    "UNAUTHORIZED",
]

TAG_NOT_FOUND: Final = Reason(
    "tag-not-found",
    "The tag does not exist",
    "The registry answered that it has no such tag. Some registries answer the same for a repository that does not "
    "exist, and for one that these credentials may not see.",
    "Check the spelling of repository and tag, that the push has finished, and that you are logged in with an account "
    "that may pull.",
)
DIGEST_NOT_FOUND: Final = Reason(
    "digest-not-found",
    "The digest does not exist in this repository",
    "The registry answered that the repository holds nothing with that digest. It may have been deleted, may live in "
    "another repository, or these credentials may not see it.",
    "Check that the digest was pushed to exactly this repository; `gate resolve` prints the digest behind a tag.",
)
REPOSITORY_UNKNOWN: Final = Reason(
    "repository-unknown",
    "The repository does not exist",
    "The registry says that it does not know the repository. Many registries also say so when the credentials may not "
    "see it.",
    "Check the spelling of the whole name, including the project or organisation, and that you may pull from it.",
)
UNAUTHORIZED: Final = Reason(
    "unauthorized",
    "The registry wants credentials that work",
    "The registry answered 401: there were no credentials for this host, or it did not accept those that were sent.",
    "Log in with `docker login HOST` or `podman login HOST` (host and port exactly as in the image), or check that the "
    "password or token has not expired. `docs/credentials.md` lists where credentials are looked for.",
)
DENIED: Final = Reason(
    "denied",
    "The registry refuses access",
    "The registry answered 403: it understood who asks and does not allow it, or something between you and the "
    "registry (a proxy, a firewall) refused. Where the repository does not exist, some registries say this too.",
    "Check the name, that the account may pull from this repository, and that a token has the scope to read packages.",
)
RATE_LIMITED: Final = Reason(
    "rate-limited",
    "The registry takes no more requests for now",
    "The registry or its token server answered 429 and went on doing so. What it did not answer is not known.",
    "Wait, then run again. Logging in raises the limit on most public registries.",
)
REGISTRY_ERROR: Final = Reason(
    "registry-error",
    "The registry could not answer",
    "The registry answered with an error that says nothing about the image, even after the gate asked again.",
    "Run again later; if it stays, show the answer and the request id to who runs the registry.",
)
REGISTRY_POLICY: Final = Reason(
    "registry-policy",
    "A policy of the registry forbids the pull",
    "The registry answered 412: it has rules of its own (Harbor's vulnerability or signature rules) and does not hand "
    "out this image.",
    "Read the registry's text: the image has to satisfy the registry first, or the project's settings have to change.",
)
NETWORK: Final = Reason(
    "network",
    "The host could not be reached, or the connection broke",
    "The name does not resolve, nobody listens, or the connection ended before the answer was complete.",
    "Check the host name and port, the network, and whether a proxy has to be set (HTTPS_PROXY, NO_PROXY).",
)
TIMEOUT: Final = Reason(
    "timeout",
    "The host did not answer in time",
    "A connection or an answer took longer than the gate waits, or the time for the whole run was used up.",
    "Run again; if it happens often, look at the network between, or give more time with --timeout.",
)
TLS_UNTRUSTED: Final = Reason(
    "tls-untrusted",
    "The host's certificate is not signed by anybody trusted here",
    "The certificate chain does not lead to a certificate authority that this machine knows. A private registry with "
    "an own authority looks like this, and so does somebody in between.",
    "Give the authority's certificate with --registry-ca FILE, or put it at /etc/docker/certs.d/HOST:PORT/ca.crt.",
)
TLS_NAME: Final = Reason(
    "tls-name",
    "The host's certificate is for another name",
    "The certificate does not carry the name or address that was connected to. A certificate with only a common name "
    "and no subjectAltName is for no name at all.",
    "Use the name the certificate is for, or have it issued with -addext subjectAltName=DNS:HOST (IP:ADDRESS for an "
    "address).",
)
TLS_TIME: Final = Reason(
    "tls-time",
    "The host's certificate is expired or not yet valid",
    "The certificate's dates do not include the time on this machine.",
    "Renew the certificate, or set this machine's clock.",
)
TLS_PLAIN: Final = Reason(
    "tls-plain",
    "The host does not speak TLS there",
    "The answer to the start of a TLS connection was no TLS: most often the host speaks plain HTTP on this port, or "
    "asks for a client certificate or a TLS version that this machine does not offer.",
    "If the host is yours and meant to speak plain HTTP, name it with --plain-http HOST:PORT.",
)
PROXY: Final = Reason(
    "proxy",
    "The proxy did not let the request through",
    "The HTTP proxy that the environment names refused or could not reach the host.",
    "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY and the proxy's credentials; registries inside belong into NO_PROXY.",
)
OFFLINE: Final = Reason(
    "offline",
    "A connection was needed and --offline forbids them",
    "With --offline the gate opens no connection at all.",
    "Judge an OCI layout or archive (oci:PATH, docker-archive:FILE), or leave --offline out.",
)
NOT_A_REGISTRY: Final = Reason(
    "not-a-registry",
    "The answer does not come from a registry",
    "The host answered with a web page or something else that no registry sends: a login page, a proxy's message, or "
    "another web server on that port.",
    "Check the host and port, and whether a proxy or a sign-on page stands in between.",
)
TOO_LARGE: Final = Reason(
    "too-large",
    "The answer is larger than anything honest",
    "Manifests, configurations and signatures are small; the gate reads up to a fixed size and then stops.",
    "Look at what was pushed there. If it is honest and really that large, report it as a bug with the numbers.",
)
DIGEST_MISMATCH: Final = Reason(
    "digest-mismatch",
    "The bytes are not those of the digest",
    "Content was asked for by its digest, and what came has another one. Somebody or something changed it: a broken "
    "or hostile registry, a proxy that rewrites, storage that decays.",
    "Do not use the image. Ask again from another network, and show both digests to who runs the registry.",
)
ANSWER_ENCODED: Final = Reason(
    "answer-encoded",
    "The answer was compressed or transformed on the way",
    "The gate asks for the exact bytes (Accept-Encoding: identity), since their hash is the image's name. The answer "
    "carries a Content-Encoding all the same.",
    "Switch compression off for this host in the proxy or web server in between.",
)
REALM_REFUSED: Final = Reason(
    "realm-refused",
    "The registry points to a token server that the gate does not trust",
    "A registry names the server that issues tokens. A hostile one could name any host and receive your password "
    "there, so credentials go to the registry's own origin, to a short built-in list, and to what the operator allows.",
    "If the token server is right, allow it for this registry with --trust-realm HOST=URL; docs/credentials.md tells "
    "which are built in.",
)
ADDRESS_REFUSED: Final = Reason(
    "address-refused",
    "The name leads to an address that the gate does not connect to",
    "Link-local and cloud metadata addresses are never connected to, and a registry cannot send the gate to an address "
    "nearer to home than its own (from the internet into the private network, or to this machine).",
    "Check the DNS entry. If it is right, the registry should be named by an address in the same network.",
)
REDIRECT_REFUSED: Final = Reason(
    "redirect-refused",
    "A redirect that the gate does not follow",
    "The host redirects in a circle, too often, from HTTPS to HTTP, to something that is no address, or a token "
    "request to another host.",
    "Check the address of the registry; a sign-on page or a wrong external URL in the registry's settings does this.",
)
CREDENTIAL_HELPER: Final = Reason(
    "credential-helper",
    "The credential helper failed",
    "The docker or podman configuration names a helper program for this host, and it is missing, broke off, hung, or "
    "answered nonsense. The gate does not go on without credentials then: that would look like a missing image.",
    "Run `docker-credential-NAME get` by hand with the host on its standard input, or log in again.",
)
CREDENTIALS_REFUSED: Final = Reason(
    "credentials-refused",
    "Credentials would be sent where anybody could read them",
    "The registry asks for credentials over plain HTTP, and it is not this machine.",
    "Give the registry a certificate (a private authority with --registry-ca will do).",
)
LIST_CUT_SHORT: Final = Reason(
    "list-cut-short",
    "A list goes on, but not where it can be followed",
    "The registry gives tags and referrers in pages. A page is missing, points to another host, or the pages run in a "
    "circle or have no end; what is not on the pages read is not known.",
    "Look at the list with another client; if the registry sits behind a proxy, check its external URL.",
)
NOT_ANSWERED_HERE: Final = Reason(
    "not-answered-here",
    "This is not something a registry can be asked",
    "A rule asked the registry for something that lies elsewhere.",
    "This is a mistake in the gate; please report it with the rule.",
)
