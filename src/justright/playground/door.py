"""Who may come in: this machine's own browser, with the address that the terminal printed."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

PAGE, TRAIN = "", "train"
_METHODS = {PAGE: ("GET", "HEAD"), TRAIN: ("POST",)}


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered: an HTTP status, and a sentence."""

    status: int
    words: str


@dataclass(frozen=True)
class Door:
    """Where the playground is.

    Attributes:
        port: on 127.0.0.1.
        token: the first part of every path, drawn at random.
    """

    port: int
    token: str

    @property
    def address(self) -> str:
        """What a browser opens."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def refusal(
        self, method: str, path: str, headers: Mapping[str, str], client: str
    ) -> Refusal | None:
        """Why a request is not answered; None where it is.

        A page from elsewhere cannot know the token; that it cannot come in with it either is what
        `Host` (a name that leads here: DNS rebinding), `Origin` and `Sec-Fetch-Site` are for.

        Args:
            method: of the request.
            path: with its query.
            headers: by name, whatever the case.
            client: the address that the connection comes from.
        """
        sent = {name.lower(): value for name, value in headers.items()}
        token, _, rest = path.partition("?")[0].removeprefix("/").partition("/")
        if words := self._stranger(token, rest, sent, client):
            return Refusal(403, words)
        if rest not in _METHODS:
            return Refusal(404, "There is nothing here.")
        if method not in _METHODS[rest]:
            return Refusal(405, f"This takes {' and '.join(_METHODS[rest])}.")
        return None

    def _stranger(self, token: str, rest: str, sent: Mapping[str, str], client: str) -> str:
        """Why who asks is none that may; nothing where it may."""
        hosts = (f"127.0.0.1:{self.port}", f"localhost:{self.port}")
        if not _is_loopback(client):
            return "The playground answers this machine alone."
        if sent.get("host", "").lower() not in hosts:
            return "The playground answers to 127.0.0.1 alone."
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return "Open the address that the terminal shows, with all its letters."
        known = [f"http://{host}" for host in hosts]
        if sent.get("origin", known[0]).lower() not in known or not _is_own(rest, sent):
            return "Another page asked, and the playground answers its own alone."
        return ""


def _is_loopback(client: str) -> bool:
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False


def _is_own(rest: str, sent: Mapping[str, str]) -> bool:
    """Whether the playground's page asks, or a person who opens it."""
    # What is no browser does not say; it has the token from the terminal.
    site = sent.get("sec-fetch-site", "none")
    if site in ("same-origin", "none"):
        return True
    # A link that somebody clicked, in a terminal on the web for one, but no frame and no script.
    return rest == PAGE and sent.get("sec-fetch-dest") == "document"
