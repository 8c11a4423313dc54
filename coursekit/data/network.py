"""Downloads one file from an address, with progress, and gives up quickly if there is no network.

A host that cannot be reached is remembered until the process ends, so the wait happens only once. Knows
nothing of data sets, caches or checksums.
"""

from __future__ import annotations

import functools
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from coursekit.data.errors import Unreachable, Unusable

__all__ = ["Progress", "download", "unreachable"]

CONNECT_SECONDS = 4.0  # to resolve a host's name and connect to it
READ_SECONDS = 15.0  # without a single byte
PAUSES = (0.5, 2.0)  # seconds before the second and the third try
_BUSY = {429, 500, 502, 503, 504}

_dead: dict[tuple[str, int], str] = {}  # unreachable hosts in this process → the reason


def unreachable(url: str) -> str | None:
    """Return why the host of `url` (or the proxy in front of it) cannot be reached, or None if it can."""
    host, port = _first_hop(url)
    return _dead.get((host, port)) or _probe(host, port)


def _first_hop(url: str) -> tuple[str, int]:
    """Return host and port of the first connection to `url`: those of the proxy, if there is one."""
    parts = urlsplit(url)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if proxy:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


@functools.cache
def _probe(host: str, port: int) -> str | None:
    """Try to connect to a host. Return why that failed, or None if it did not."""
    outcome: list[str | None] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
            outcome.append(None)
        except OSError as error:
            outcome.append(f"{host} cannot be reached: {error.strerror or error}")

    # In a thread, because resolving a name has no timeout.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS + 1)
    return outcome[0] if outcome else f"{host} cannot be reached: no answer within {CONNECT_SECONDS:g} s"


def download(url: str, target: Path, size: int, *, show: bool = True) -> None:
    """Download a file.

    An interrupted download, or one that a busy server refuses, is tried again from the start, up to three
    times in all.

    Args:
        url: Address of the file.
        target: Path to write the file to.
        size: Expected number of bytes, for the progress bar.
        show: Whether to show progress on stdout.

    Raises:
        Unreachable: If nothing answers at the address.
        Unusable: If the file does not arrive complete. The message says why.
    """
    for pause in (*PAUSES, None):
        reason = unreachable(url)
        if reason:
            raise Unreachable(reason)
        try:
            _download(url, target, size, show)
            return
        except _Again as error:
            if pause is None:
                raise (_given_up(url, error) if error.host_is_gone else Unusable(str(error))) from error
            time.sleep(pause)


class _Again(Exception):
    """Another try may succeed.

    Attributes:
        host_is_gone: Whether the host broke off the connection. If so, and if there is no other try, the
            host is given up.
    """

    def __init__(self, why: str, host_is_gone: bool = False) -> None:
        super().__init__(why)
        self.host_is_gone = host_is_gone


def _download(url: str, target: Path, size: int, show: bool) -> None:
    """Download a file once."""
    import pooch
    import requests

    progress = Progress(url.rsplit("/", 1)[-1], size) if show else None
    fetch = pooch.HTTPDownloader(
        progressbar=progress or False,
        chunk_size=1 << 16,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        headers={"Accept-Encoding": "identity"},  # the bytes as they are stored
    )
    try:
        fetch(url, str(target), None)
    except requests.HTTPError as error:
        why = f"the server answered {error}"
        busy = error.response is not None and error.response.status_code in _BUSY
        raise (_Again(why) if busy else Unusable(why)) from error
    except requests.Timeout as error:
        raise _given_up(url, error) from error
    except requests.RequestException as error:
        gone = isinstance(error, requests.ConnectionError)
        raise _Again(f"the download broke off: {_cause(error)}", host_is_gone=gone) from error
    finally:
        if progress:
            progress.close()


def _given_up(url: str, error: BaseException) -> Unreachable:
    """Remember that a host does not answer, and return the error."""
    host, port = _first_hop(url)
    _dead[host, port] = f"{host} stopped answering: {_cause(error)}"
    return Unreachable(_dead[host, port])


def _cause(error: BaseException) -> str:
    """Return the innermost reason of a chain of network errors, on one line."""
    while error.__context__ is not None:
        error = error.__context__
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0][:200]


class Progress:
    """A progress bar in a terminal or notebook, one plain line elsewhere.

    It has the methods that pooch expects of a progress bar.

    Args:
        name: What is downloaded.
        total: Its size in bytes.
        detail: More about it, for the plain line.
    """

    def __init__(self, name: str, total: int, detail: str = "") -> None:
        self.name, self.total, self.detail = name, total, detail
        self._bar: Any = None

    def update(self, n: int) -> None:
        """Add `n` bytes."""
        if self._bar is None:
            self._bar = self._open()
        self._bar.update(n)

    def reset(self) -> None:
        """Start again from 0 bytes."""
        if self._bar is not None:
            self._bar.reset(total=self.total)

    def close(self) -> None:
        """Finish the bar."""
        if self._bar is not None:
            self._bar.close()

    def _open(self) -> Any:
        from tqdm import tqdm

        live = sys.stdout.isatty() or "ipykernel" in sys.modules
        if not live:
            print(f"coursekit: downloading {self.name} ({self.detail}{self.total / 1e6:.1f} MB)", flush=True)
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
