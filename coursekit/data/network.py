"""Fetching one file from an address, with progress, and giving up quickly when there is no network.

A host that cannot be reached is remembered for the life of the process, so the wait is paid once. Knows nothing of data
sets, caches or checksums.
"""

from __future__ import annotations

import functools
import socket
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from .errors import Unreachable, Unusable

__all__ = ["download", "unreachable"]

CONNECT_SECONDS = 4.0  # to look up a host's name and connect to it
READ_SECONDS = 15.0  # without a single byte

_dead: dict[tuple[str, int], str] = {}  # hosts that could not be reached in this process, with the reason


def unreachable(url: str) -> str | None:
    """Why the host of `url` (or the proxy in front of it) cannot be reached, or None if it can."""
    host, port = _first_hop(url)
    return _dead.get((host, port)) or _probe(host, port)


def _first_hop(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if proxy:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


@functools.cache
def _probe(host: str, port: int) -> str | None:
    outcome: list[str | None] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
            outcome.append(None)
        except OSError as error:
            outcome.append(f"{host} cannot be reached: {error.strerror or error}")

    # In a thread, because looking up a name obeys no timeout of its own.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS + 1)
    return outcome[0] if outcome else f"{host} cannot be reached: no answer within {CONNECT_SECONDS:g} s"


def download(url: str, target: Path, size: int) -> None:
    """Write what lies at `url` to `target`, showing progress on standard output. size: bytes expected.

    Raises Unreachable when nobody answers there, Unusable with the reason when the file does not come whole.
    """
    reason = unreachable(url)
    if reason:
        raise Unreachable(reason)
    import pooch
    import requests

    progress = _Progress(url.rsplit("/", 1)[-1], size)
    fetch = pooch.HTTPDownloader(
        progressbar=progress,
        chunk_size=1 << 16,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        headers={"Accept-Encoding": "identity"},  # the bytes as they are stored
    )
    try:
        fetch(url, str(target), None)
    except requests.HTTPError as error:
        raise Unusable(f"the server answered {error}") from error
    except requests.RequestException as error:
        if isinstance(error, requests.ConnectionError | requests.Timeout):
            host, port = _first_hop(url)
            _dead[host, port] = f"{host} stopped answering: {_cause(error)}"
            raise Unreachable(_dead[host, port]) from error
        raise Unusable(f"the download broke off: {_cause(error)}") from error
    finally:
        progress.close()


def _cause(error: BaseException) -> str:
    """The innermost reason of a nest of network errors, on one line."""
    while error.__context__ is not None:
        error = error.__context__
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0][:200]


class _Progress:
    """A bar in a terminal or notebook, two plain lines elsewhere. Has what pooch asks of a progress bar."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.total = name, size
        self._bar: Any = None

    def update(self, n: int) -> None:
        if self._bar is None:
            self._bar = self._open()
        self._bar.update(n)

    def reset(self) -> None:
        if self._bar is not None:
            self._bar.reset(total=self.total)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _open(self) -> Any:
        from tqdm import tqdm

        live = sys.stdout.isatty() or "ipykernel" in sys.modules
        if not live:
            print(f"coursekit: downloading {self.name} ({self.total / 1e6:.1f} MB)", flush=True)
        return tqdm(
            total=self.total,
            desc=self.name,
            unit="B",
            unit_scale=True,
            file=sys.stdout,
            ncols=90,
            mininterval=0.5,
            disable=not live,
        )
