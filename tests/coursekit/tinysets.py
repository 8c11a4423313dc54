"""Small data sets, mirrors and web servers for the tests of coursekit.data. Nothing here leaves this machine."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import os
import socket
import ssl
import struct
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from coursekit.data.cache import Cache
from coursekit.data.clothing import CLASS_NAMES
from coursekit.data.dataset import ArrayDataset
from coursekit.data.registry import Dataset, File
from coursekit.data.settings import Mode, Settings

TRAIN, TEST = 6_000, 50  # samples of the tiny Fashion-MNIST, of 3×2 pixels


def idx(array: np.ndarray) -> bytes:
    """The array as a gzipped IDX file, written independently of the reader under test."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", n) for n in array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


def fashion_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {
        "train-images-idx3-ubyte.gz": rng.integers(0, 256, (TRAIN, 3, 2)),
        "train-labels-idx1-ubyte.gz": rng.integers(0, 10, TRAIN),
        "t10k-images-idx3-ubyte.gz": rng.integers(0, 256, (TEST, 3, 2)),
        "t10k-labels-idx1-ubyte.gz": rng.integers(0, 10, TEST),
    }


def fashion_files() -> dict[str, bytes]:
    return {name: idx(array) for name, array in fashion_arrays().items()}


def housing_table(rows: int = 400) -> np.ndarray:
    """A table as that of the official housing archive, float64 (rows, 9), no two rows alike."""
    rng = np.random.default_rng(11)
    low = [-124, 32, 1, 500, 100, 100, 50, 0.5, 15_000]
    high = [-114, 42, 52, 5_000, 900, 3_000, 90, 15, 500_001]
    return np.round(low + (np.array(high) - low) * rng.random((rows, 9)), 4)


def housing_files(table: np.ndarray) -> dict[str, bytes]:
    """The archive that holds `table`, packed without the code under test."""
    content = "\n".join(",".join(f"{value:.6f}" for value in row) for row in table).encode() + b"\n"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("CaliforniaHousing/cal_housing.data")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return {"cal_housing.tgz": packed.getvalue()}


def clothing_files() -> dict[str, bytes]:
    """Photographs of the ten classes: plain pictures of 90×60 pixels, each of a colour of its own, a dot in its top left corner."""
    files = {}
    for split, count in (("train", 3), ("validation", 1), ("test", 2)):
        for label, name in enumerate(CLASS_NAMES):
            for number in range(count):
                picture = np.empty((90, 60, 3), np.uint8)
                picture[:] = (20 * label + 30, 60 * number + 20, 40 * len(split) - 150)
                picture[:30, :20] = 255
                buffer = io.BytesIO()
                Image.fromarray(picture).save(buffer, "JPEG", quality=95)
                files[f"{split}/{name}/{number}.jpg"] = buffer.getvalue()
    return files


def dataset(name: str, files: dict[str, bytes], *urls: str) -> Dataset:
    """The registry row of a set with these files, published at these addresses."""
    rows = tuple(File(file, len(content), hashlib.sha256(content).hexdigest()) for file, content in files.items())
    return Dataset(name, f"the tiny {name}", "CC0 1.0", "nobody", tuple(f"{url}/" for url in urls), rows)


def settings(row: Dataset, cache: Path, *, mirror: Path | str | None = None, mode: Mode = "auto") -> Settings:
    return Settings({row.name: row}, Cache(cache), None if mirror is None else str(mirror), mode)


def publish(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder, which is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def kind(name: str) -> ArrayDataset:
    """A set of one file `numbers` whose array is its bytes; its stand-in is ten zeros."""
    return ArrayDataset(
        name,
        lambda paths: {"numbers": np.frombuffer(paths["numbers"].read_bytes(), np.uint8)},
        lambda: {"numbers": np.zeros(10, np.uint8)},
        lambda: [Path(__file__)],
    )


def closed_port() -> str:
    """The address of a port on this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]


class _CutOff(_Quiet):
    """Promises the whole file and hangs up half way."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        outputfile.write(content[: len(content) // 2])
        outputfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)


class _Moody(_Quiet):
    """Does not give each file before it has been asked for it twice."""

    def do_GET(self) -> None:
        if self.path in self.server.asked:  # type: ignore[attr-defined]
            super().do_GET()
        else:
            self.send_error(503)


class _Abrupt(_Quiet):
    """Hangs up without a word the first time that it is asked for each file."""

    def do_GET(self) -> None:
        if self.path in self.server.asked:  # type: ignore[attr-defined]
            super().do_GET()
        else:
            self.server.asked.append(self.path)  # type: ignore[attr-defined]
            self.connection.shutdown(socket.SHUT_RDWR)


class _Login(_Quiet):
    """Answers everything with the login page of a campus network."""

    def do_GET(self) -> None:
        self.log_message("")
        page = b"\n<!DOCTYPE html>\n<html><head><title>\n Campus &amp; Guests </title></head><body>Please log in.</body></html>"
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


class _Proxy(_Quiet):
    """Gives the files of every host, as a proxy that has them all."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(urlsplit(path).path)


_MANNERS = {"good": _Quiet, "cut off": _CutOff, "moody": _Moody, "abrupt": _Abrupt, "login": _Login, "proxy": _Proxy}


def tired(after: int, status: int = 429, **headers: str) -> type[SimpleHTTPRequestHandler]:
    """A server that gives so many files, and then answers with a status and headers (`Retry_After="120"`)."""

    numbers = itertools.count()

    class Tired(_Quiet):
        def do_GET(self) -> None:
            if next(numbers) < after:
                super().do_GET()
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Tired


class _Server(ThreadingHTTPServer):
    request_queue_size = 64  # on a busy machine, many connections of one download wait at once


@contextmanager
def served(
    folder: Path, *, manners: str | type[SimpleHTTPRequestHandler] = "good", port: int = 0, certificate: Path | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A web server over `folder` on this machine: its address, and the list of paths that were asked for so far.

    With a certificate (a .pem file with its key) it speaks https.
    """
    handler = partial(_MANNERS[manners] if isinstance(manners, str) else manners, directory=os.fspath(folder))
    with _Server(("127.0.0.1", port), handler) as server:
        server.asked = []  # type: ignore[attr-defined]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}", server.asked  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


def leftovers(folder: Path) -> list[Path]:
    """Half-written files and folders anywhere below `folder`."""
    return [path for path in folder.rglob("*") if ".part" in path.name]


def unlocked(path: Path) -> Path:
    """Make a file of a read-only folder, and its folder, writable, as somebody does who insists on a change."""
    os.chmod(path.parent, 0o755)
    if path.exists():
        os.chmod(path, 0o755 if path.is_dir() else 0o644)
    return path
