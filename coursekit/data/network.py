"""Downloads one file from an address, with progress, and gives up quickly if there is no network.

A server that asks us to wait is left alone, and a web page that comes in place of a file is told apart
from a damaged file. Knows nothing of data sets, caches or checksums.
"""

from __future__ import annotations

import html
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit import _front_end
from coursekit.data import hosts
from coursekit.data.errors import Unreachable, Unusable, say

if TYPE_CHECKING:
    import requests

__all__ = ["Progress", "download"]

READ_SECONDS = 15.0  # without a single byte
PAUSES = (0.5, 2.0)  # seconds before the second and the third try
_LONGEST = 6 * 3600  # seconds for which a host is left alone at most
_BUSY = {500, 502, 503, 504}

LOGIN_ADVICE = "open any web page in a browser, log in to this network there, and run this again"
CERTIFICATE_ADVICE = (
    "if you are on a network that inspects encrypted connections (many campuses and companies do), ask its support for the "
    "certificate file and set REQUESTS_CA_BUNDLE or SSL_CERT_FILE to its path; if it wants a login, log in with a browser first; "
    "if the clock of this machine is wrong, set it"
)
PROXY_ADVICE = (
    "check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY: expected an address such as http://proxy.example.org:8080, with "
    "http://name:password@ before the host if the proxy wants a login"
)
SOCKS_ADVICE = "pip install pysocks, or set HTTPS_PROXY to a proxy whose address begins with http://"


def download(url: str, target: Path, size: int, *, show: bool = True) -> None:
    """Download a file.

    An interrupted download, or one that a busy server refuses, is tried again from the start, up to three
    times in all. A server that asks for a few seconds gets them; one that asks for more is not asked again
    in that time.

    Args:
        url: Address of the file.
        target: Path to write the file to.
        size: Expected number of bytes, for the progress bar.
        show: Whether to show progress on stdout.

    Raises:
        Unreachable: If the host gives no files now, whichever is asked for.
        Unusable: If the file does not arrive complete. The message says why.
    """
    for pause in (*PAUSES, None):
        hosts.admit(url)
        try:
            _download(url, target, size, show)
            return
        except _Again as error:
            if pause is None:
                raise error.last(url) from error
            time.sleep(pause)


class _Again(Exception):
    """Another try may succeed."""

    def last(self, url: str) -> Unusable:
        """Return the error if there is no other try."""
        return Unusable(str(self))


class _BrokenOff(_Again):
    """The host broke off the connection. If there is no other try, the host is given up."""

    def last(self, url: str) -> Unusable:
        return hosts.give_up(url, str(self))


class _AskedToWait(_Again):
    """The host asked for a few seconds. If there is no other try, it gets a longer rest."""

    def last(self, url: str) -> Unusable:
        return hosts.rest(url, None) or Unusable(str(self))


def _download(url: str, target: Path, size: int, show: bool) -> None:
    """Download a file once."""
    import pooch
    import requests

    progress = Progress(url.rsplit("/", 1)[-1], size) if show else None
    fetch = pooch.HTTPDownloader(
        progressbar=progress or False,
        chunk_size=1 << 16,
        timeout=(hosts.CONNECT_SECONDS, READ_SECONDS),
        headers={"Accept-Encoding": "identity"},  # the bytes as they are stored
        verify=hosts.bundle()[1] or True,  # requests itself does not read SSL_CERT_FILE
    )
    try:
        fetch(url, str(target), None)
    except requests.HTTPError as error:
        raise _refused(url, error) from error
    except requests.RequestException as error:
        raise _failed(url, error) from error
    except OSError as error:
        if error.errno is not None:  # of this machine, such as a full disk
            raise
        raise hosts.give_up(url, _cause(error), CERTIFICATE_ADVICE) from error  # a bundle that requests cannot use
    finally:
        if progress:
            progress.close()
    if target.stat().st_size != size:
        _refuse_page(target)


def _refused(url: str, error: requests.HTTPError) -> Exception:
    """Return the error for an answer that is not the file."""
    response: Any = error.response
    status = response.status_code
    wait = _seconds(response.headers)
    if status == 429 or (status in (403, 503) and wait is not None):
        return hosts.rest(url, wait) or _AskedToWait(f"the server answered {error}")
    if status == 511:
        return Unreachable("this network gives nothing before you log in", LOGIN_ADVICE)
    if status == 407:
        return hosts.give_up(url, "the proxy wants a name and a password", PROXY_ADVICE)
    return (_Again if status in _BUSY else Unusable)(f"the server answered {error}")


def _seconds(headers: Any) -> float | None:
    """Return for how long a server asks us to wait, or None if it does not say."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        return float(min(Retry().parse_retry_after(headers["Retry-After"]), _LONGEST))  # seconds or a date
    except (KeyError, ValueError, OverflowError, InvalidHeader):
        return None


def _failed(url: str, error: requests.RequestException) -> Exception:
    """Return the error for a connection that did not bring an answer."""
    import requests

    cause, way = _cause(error), hosts.route(url)
    if isinstance(error, requests.exceptions.SSLError):
        name, path = hosts.bundle()
        trusting = f" with the certificates of {name}={path}" if name else ""
        advice = CERTIFICATE_ADVICE if "certificate" in cause.lower() else ""
        return hosts.give_up(url, f"there is no secure connection to {way.host}{trusting}: {cause}", advice)
    if isinstance(error, requests.exceptions.ProxyError):
        return hosts.give_up(url, f"the proxy {way.hop[0]} does not let this through: {cause}", PROXY_ADVICE)
    if isinstance(error, requests.exceptions.InvalidSchema):
        return hosts.give_up(url, f"the proxy {way.hop[0]} cannot be used: {cause}", SOCKS_ADVICE)
    if isinstance(error, requests.Timeout):
        return hosts.give_up(url, f"{way.host} stopped answering: {cause}")
    if isinstance(error, requests.ConnectionError):
        return _BrokenOff(f"{way.host} stopped answering: {cause}")
    return _Again(f"the download broke off: {cause}")


def _cause(error: BaseException) -> str:
    """Return the innermost reason of a chain of network errors, on one line."""
    while error.__context__ is not None:
        error = error.__context__
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0][:200]


_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|meta|script)\b", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


def _refuse_page(target: Path) -> None:
    """Raise Unreachable if a web page came in place of the file."""
    with open(target, "rb") as stream:
        start = stream.read(1 << 14)
    if not _PAGE.match(start):
        return
    found = _TITLE.search(start)
    title = " ".join(html.unescape(found[1].decode("utf-8", "replace")).split()) if found else ""
    named = f' "{title[:60]}"' if title.isprintable() and title else ""
    raise Unreachable(
        f"a web page{named} came instead of the file, as from a network that wants you to log in first", LOGIN_ADVICE
    )


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

        live = sys.stdout.isatty() or getattr(_front_end.shell(), "kernel", None) is not None
        if not live:
            say(f"coursekit: downloading {self.name} ({self.detail}{self.total / 1e6:.1f} MB)")
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
