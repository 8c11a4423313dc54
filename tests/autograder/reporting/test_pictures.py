"""Of what a submission shows, pictures that are nothing else are kept, up to a size."""

from __future__ import annotations

import base64
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from autograder.reporting import pictures
from autograder.reporting.pictures import Album


def picture(kind: str = "PNG", size: tuple[int, int] = (3, 2)) -> str:
    out = BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return base64.b64encode(out.getvalue()).decode()


def claiming(width: int, height: int) -> str:
    """A PNG of a few bytes that says it is large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", b""), (b"IEND", b""))
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def test_png_and_jpeg_are_taken_and_nothing_else_of_the_bundle() -> None:
    evil = {"text/html": "<script>alert(1)</script>", "image/svg+xml": "<svg onload=alert(1)>"}
    assert Album().take({**evil, "image/png": picture()}) == {"image/png": picture()}
    assert Album().take({**evil, "image/jpeg": picture("JPEG")}) == {"image/jpeg": picture("JPEG")}
    assert Album().take(evil) is None
    halves = picture()[:20] + "\n" + picture()[20:] + "\n"
    assert Album().take({"image/png": halves}) == {"image/png": picture()}


@pytest.mark.parametrize(
    "data",
    [
        '"><script>',
        base64.b64encode(b"<svg onload=alert(1)>").decode(),
        picture("JPEG"),
        picture("GIF"),
        "",
        "é",
        5,
        None,
        ["a"],
    ],
)
def test_what_is_no_png_is_not_taken_for_one(data: object) -> None:
    assert Album().take({"image/png": data}) is None


@pytest.mark.parametrize("bundle", [None, 3, "image/png", [], {"image/png": {}}])
def test_a_bundle_of_another_kind_is_none(bundle: object) -> None:
    assert Album().take(bundle) is None
    assert Album().of_outputs([{"data": bundle}, bundle]) == []
    assert Album().of_outputs(bundle) == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [(100_000, 100_000), (20_000, 5_000), (0, 5)])
def test_a_small_file_that_unfolds_to_a_huge_picture_is_left_out(size: tuple[int, int]) -> None:
    assert Album().take({"image/png": claiming(*size)}) is None


def test_an_album_has_an_end_and_counts_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"image/png": picture()}
    monkeypatch.setattr(pictures, "MAX_ALL", 2 * len(base64.b64decode(picture())))
    album = Album()
    assert [album.take(one) is not None for _ in range(4)] == [True, True, False, False]
    assert album.left_out == 2
    monkeypatch.setattr(pictures, "MAX_BYTES", 10)
    assert Album().take(one) is None
