"""Arrays are made once, mapped read-only afterwards, and made again when anything about them is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coursekit.data import decode
from coursekit.data.arrays import kept, stored
from coursekit.data.cache import Cache
from tests.coursekit import tinysets as tiny


class Maker:
    """Makes two arrays and counts how often it was asked to."""

    def __init__(self) -> None:
        self.calls = 0
        self.arrays = {"a": np.arange(12.0).reshape(3, 4), "b": np.arange(5)}

    def __call__(self) -> dict[str, np.ndarray]:
        self.calls += 1
        return self.arrays


def test_arrays_are_made_once_and_then_mapped_read_only(tmp_path: Path) -> None:
    make = Maker()
    for _ in range(3):
        arrays = stored(Cache(tmp_path), "set/entry", make)
        for name, array in make.arrays.items():
            np.testing.assert_array_equal(arrays[name], array)
            assert arrays[name].dtype == array.dtype
            assert isinstance(arrays[name], np.memmap)
            assert not arrays[name].flags.writeable
    assert make.calls == 1
    assert tiny.leftovers(tmp_path) == []


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(0, 0))


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("spoil", [truncate, empty, flip_a_byte, remove])
@pytest.mark.parametrize("file", ["a.npy", "b.npy", "manifest.json"])
def test_a_damaged_entry_is_reported_and_made_again(
    tmp_path: Path, capfd: Any, file: str, spoil: Callable[[Path], None]
) -> None:
    make = Maker()
    stored(Cache(tmp_path), "set/entry", make)
    spoil(tiny.unlocked(tmp_path / "set" / "entry" / file))
    arrays = stored(Cache(tmp_path), "set/entry", make)
    np.testing.assert_array_equal(arrays["a"], make.arrays["a"])
    np.testing.assert_array_equal(arrays["b"], make.arrays["b"])
    out, err = capfd.readouterr()
    if not (file == "manifest.json" and spoil is flip_a_byte):  # one digit of a time may be wrong and all else be right
        assert make.calls == 2
        assert "is damaged" in out
    assert err == ""


def test_an_entry_with_a_stranger_in_it_is_put_aside_and_made_again(tmp_path: Path, capfd: Any) -> None:
    make = Maker()
    stored(Cache(tmp_path), "set/entry", make)
    np.save(tiny.unlocked(tmp_path / "set" / "entry" / "mine.npy"), np.arange(3))
    assert set(stored(Cache(tmp_path), "set/entry", make)) == {"a", "b"}
    np.testing.assert_array_equal(np.load(tmp_path / "set" / "entry.changed-1" / "mine.npy"), np.arange(3))
    assert "mine.npy" in capfd.readouterr().out


def test_a_copied_cache_with_other_file_times_is_checked_and_kept(tmp_path: Path) -> None:
    make = Maker()
    stored(Cache(tmp_path), "set/entry", make)
    for path in (tmp_path / "set" / "entry").glob("*.npy"):
        os.utime(path, (1, 1))
    for _ in range(2):
        stored(Cache(tmp_path), "set/entry", make)
    assert make.calls == 1


def test_an_interrupted_making_leaves_nothing(tmp_path: Path) -> None:
    class Stop(BaseException):
        pass

    class Explosive(dict[str, Any]):
        def items(self) -> Any:
            yield "a", np.arange(3)
            raise Stop

    with pytest.raises(Stop):
        stored(Cache(tmp_path), "set/entry", Explosive)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert kept(Cache(tmp_path), "set/entry") is None


def test_an_entry_that_another_process_made_meanwhile_is_taken(tmp_path: Path) -> None:
    make = Maker()

    def slow() -> dict[str, np.ndarray]:
        stored(Cache(tmp_path), "set/entry", make)  # the other process
        return make.arrays

    arrays = stored(Cache(tmp_path), "set/entry", slow)
    np.testing.assert_array_equal(arrays["a"], make.arrays["a"])
    assert tiny.leftovers(tmp_path) == []


@pytest.mark.parametrize("shape", [(4,), (2, 3), (5, 2, 3)])
def test_an_idx_file_is_read_as_the_array_that_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng().integers(0, 256, shape).astype(np.uint8)
    path = tmp_path / "numbers.gz"
    path.write_bytes(tiny.idx(array))
    np.testing.assert_array_equal(decode.idx(path), array)


def test_a_file_of_another_format_is_refused_by_name(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "numbers.gz"
    for content in (b"", b"hello world", bytes([0, 0, 8, 1, 0, 0, 0, 9, 1])):
        path.write_bytes(gzip.compress(content))
        with pytest.raises(ValueError, match=r"numbers\.gz"):
            decode.idx(path)
