"""Which hosts may be asked for a file: those that answer and have not told us to wait.

A host that does not answer is remembered until the process ends or its settings (proxy, certificates)
change, so the wait happens only once. A host that refuses further requests for some time is left alone
for that time. Knows nothing of files, data sets or caches.
"""

from __future__ import annotations

import functools
import math
import os
import socket
import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from coursekit.data.errors import Unreachable

__all__ = ["CONNECT_SECONDS", "Route", "admit", "bundle", "give_up", "rest", "route", "unreachable"]

CONNECT_SECONDS = 4.0  # to resolve a host's name and connect to it
PATIENCE = 10.0  # seconds that a host may ask us to wait and that we do wait; after a longer time we stop asking
REST = 300.0  # seconds for which a host is left alone if it asks for a rest and does not say how long
_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")

WAIT_ADVICE = (
    "wait {time} and run this again, which asks only for what is missing (in a class behind one address, one person can run "
    "`coursekit data fetch` and the others set COURSEKIT_MIRROR to a copy of that cache folder)"
)
BUNDLE_ADVICE = "correct {name}, or unset it"


class Route(NamedTuple):
    """The way to a host. What is remembered about a host holds only as long as the way is the same.

    Attributes:
        host: Name of the host.
        hop: Host and port of the first connection: those of the proxy, if there is one.
        bundle: Path of the file with trusted certificates; "" for those that requests brings.
    """

    host: str
    hop: tuple[str, int]
    bundle: str


_dead: dict[Route, Unreachable] = {}  # hosts that are not asked again in this process → why
_rests: dict[str, float] = {}  # hosts that want to be left alone → until when (time.monotonic)


def route(url: str) -> Route:
    """Return the way to the host of an address.

    Raises:
        Unreachable: If the address, or that of the proxy, is not one.
    """
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url))  # knows HTTPS_PROXY, ALL_PROXY, NO_PROXY and the system's settings
    host, port = _end(url, "it is not an address with a host and a port", "correct it")
    if not proxy:
        return Route(host, (host, port), bundle()[1])
    hop = _end(
        proxy if "://" in proxy else f"http://{proxy}",
        "the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names is not an address",
        "correct the variable, as in HTTPS_PROXY=http://proxy.example.org:8080, or unset it",
    )
    return Route(host, hop, bundle()[1])


def _end(url: str, why: str, advice: str) -> tuple[str, int]:
    """Return host and port of an address, or raise Unreachable."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme.lower(), 80)
    except ValueError:  # a port that is not a number
        host = None
    if not host:
        raise Unreachable(why, advice)
    return host, port


def bundle() -> tuple[str, str]:
    """Return the variable that names a file or folder of trusted certificates, and its value; ("", "") if none does."""
    return next(((name, os.environ[name]) for name in _BUNDLES if os.environ.get(name)), ("", ""))


def unreachable(url: str) -> Unreachable | None:
    """Return why the host of an address cannot be asked now, or None if it can."""
    try:
        way = route(url)
    except Unreachable as why:
        return why
    return _dead.get(way) or _resting(way.host) or _without_bundle(url) or _probe(*way.hop)


def admit(url: str) -> None:
    """Return when the host of an address may be asked. Wait for it if it asked for a few seconds.

    Raises:
        Unreachable: If the host cannot be asked now.
    """
    seconds = _rests.get(urlsplit(url).hostname or "", 0.0) - time.monotonic()
    if 0 < seconds <= PATIENCE:
        time.sleep(seconds)
    why = unreachable(url)
    if why:
        raise Unreachable(str(why), why.advice)  # a new one, because several threads may get here


def give_up(url: str, why: str, advice: str = "") -> Unreachable:
    """Remember that a host is not to be asked again, and return the error."""
    error = Unreachable(why, advice)
    _dead[route(url)] = error
    return error


def rest(url: str, seconds: float | None) -> Unreachable | None:
    """Leave a host alone for some time.

    Args:
        url: An address on the host.
        seconds: How long, or None if the host did not say.

    Returns:
        The error for everybody who asks meanwhile, or None if the time is so short that it is waited for.
    """
    host = urlsplit(url).hostname or ""
    _rests[host] = max(_rests.get(host, 0.0), time.monotonic() + (REST if seconds is None else seconds))
    return _resting(host)


def _resting(host: str) -> Unreachable | None:
    """Return why a host is left alone now, or None if it is not or only for a few seconds more."""
    seconds = _rests.get(host, 0.0) - time.monotonic()
    if seconds <= PATIENCE:
        return None
    return Unreachable(
        f"{host} gives no more files for {_duration(seconds)}: too many were asked for from this network",
        WAIT_ADVICE.format(time=_duration(seconds)),
    )


def _duration(seconds: float) -> str:
    """Return a time in words, rounded up: "45 seconds", "5 minutes", "3 hours"."""
    for size, unit in ((3600, "hours"), (60, "minutes")):
        if seconds > 1.5 * size:
            return f"{math.ceil(seconds / size)} {unit}"
    return f"{math.ceil(seconds)} seconds"


def _without_bundle(url: str) -> Unreachable | None:
    """Return the error for a variable that names a file with certificates that does not exist, or None."""
    name, path = bundle()
    if not name or not url.lower().startswith("https:") or os.path.exists(path):
        return None
    return Unreachable(f"{name} names {path}, which does not exist", BUNDLE_ADVICE.format(name=name))


@functools.cache
def _probe(host: str, port: int) -> Unreachable | None:
    """Try to connect to a host. Return why that failed, or None if it did not."""
    outcome: list[Unreachable | None] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
            outcome.append(None)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label of the name is empty or too long
            outcome.append(Unreachable(f"{host} cannot be reached: {getattr(error, 'strerror', None) or error}"))

    # In a thread, because resolving a name has no timeout.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS + 1)
    return outcome[0] if outcome else Unreachable(f"{host} cannot be reached: no answer within {CONNECT_SECONDS:g} s")
