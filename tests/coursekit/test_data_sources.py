"""Files come from the cache, then the mirror, then the official addresses, and never with a wrong byte."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coursekit.data import network
from coursekit.data.errors import DataError
from coursekit.data.sources import NotObtainable, fetch_all, obtainable
from tests.coursekit import tinysets as tiny

CONTENT = bytes(range(256)) * 40
FILES = {"numbers": CONTENT}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another try after a failure comes at once."""
    monkeypatch.setattr(network, "PAUSES", (0.0, 0.0))


def got(row: Any, cache: Path, **options: Any) -> bytes:
    return fetch_all(row, tiny.settings(row, cache, **options))["numbers"].read_bytes()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror folder that holds the set `tiny`."""
    tiny.publish(tmp_path / "mirror" / "tiny", FILES)
    return tmp_path / "mirror"


@pytest.mark.parametrize("as_url", [False, True])
def test_a_mirror_may_be_a_folder_or_its_file_address(tmp_path: Path, mirror: Path, as_url: bool) -> None:
    row = tiny.dataset("tiny", FILES)
    assert got(row, tmp_path / "cache", mirror=mirror.as_uri() if as_url else mirror) == CONTENT


def test_a_mirror_may_be_a_web_address(tmp_path: Path, mirror: Path) -> None:
    with tiny.served(mirror) as (address, asked):
        assert got(tiny.dataset("tiny", FILES), tmp_path / "cache", mirror=address) == CONTENT
    assert asked == ["/tiny/numbers"]


def test_the_mirror_is_asked_before_the_official_address(tmp_path: Path, mirror: Path) -> None:
    with tiny.served(mirror / "tiny") as (address, asked):
        assert got(tiny.dataset("tiny", FILES, address), tmp_path / "cache", mirror=mirror) == CONTENT
    assert asked == []


def test_what_is_in_the_cache_is_not_asked_for_again(tmp_path: Path, mirror: Path) -> None:
    row = tiny.dataset("tiny", FILES)
    got(row, tmp_path / "cache", mirror=mirror)
    assert got(row, tmp_path / "cache") == CONTENT


def test_a_dead_mirror_leads_to_the_official_address(tmp_path: Path, mirror: Path, capfd: Any) -> None:
    with tiny.served(mirror / "tiny") as (address, _):
        assert got(tiny.dataset("tiny", FILES, address), tmp_path / "cache", mirror=tiny.closed_port()) == CONTENT
    out, err = capfd.readouterr()
    assert "COURSEKIT_MIRROR" in out
    assert err == ""


def test_a_mirror_folder_that_is_missing_is_reported_and_the_next_source_used(tmp_path: Path, mirror: Path, capfd: Any) -> None:
    with tiny.served(mirror / "tiny") as (address, _):
        assert got(tiny.dataset("tiny", FILES, address), tmp_path / "cache", mirror=tmp_path / "nowhere") == CONTENT
    assert f"no folder {tmp_path / 'nowhere'}" in capfd.readouterr().out


def test_a_second_official_address_serves_when_the_first_lacks_the_file(tmp_path: Path, mirror: Path) -> None:
    empty = tiny.publish(tmp_path / "empty", {})
    with tiny.served(empty) as (first, asked), tiny.served(mirror / "tiny") as (second, _):
        assert got(tiny.dataset("tiny", FILES, first, second), tmp_path / "cache") == CONTENT
    assert asked  # the first one was tried


def wrong_byte(content: bytes) -> bytes:
    return content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]


def truncated(content: bytes) -> bytes:
    return content[:-100]


@pytest.mark.parametrize("spoil", [wrong_byte, truncated])
def test_a_bad_file_in_the_cache_is_removed_reported_and_replaced(tmp_path: Path, mirror: Path, capfd: Any, spoil: Any) -> None:
    row = tiny.dataset("tiny", FILES)
    bad = tiny.publish(tmp_path / "cache" / "tiny", {"numbers": spoil(CONTENT)}) / "numbers"
    assert got(row, tmp_path / "cache", mirror=mirror) == CONTENT
    assert bad.read_bytes() == CONTENT
    out, err = capfd.readouterr()
    assert str(bad) in out
    assert "expected" in out
    assert err == ""


@pytest.mark.parametrize("spoil", [wrong_byte, truncated])
def test_a_bad_file_in_the_cache_is_removed_even_if_nothing_replaces_it(tmp_path: Path, spoil: Any) -> None:
    row = tiny.dataset("tiny", FILES)
    bad = tiny.publish(tmp_path / "cache" / "tiny", {"numbers": spoil(CONTENT)}) / "numbers"
    with pytest.raises(NotObtainable):
        got(row, tmp_path / "cache")
    assert not bad.exists()


@pytest.mark.parametrize("spoil", [wrong_byte, truncated])
def test_a_bad_file_on_the_mirror_is_not_used_but_left_to_its_owner(
    tmp_path: Path, mirror: Path, capfd: Any, spoil: Any
) -> None:
    row = tiny.dataset("tiny", FILES)
    with tiny.served(mirror / "tiny") as (address, _):
        theirs = tiny.publish(tmp_path / "bad" / "tiny", {"numbers": spoil(CONTENT)})
        row = tiny.dataset("tiny", FILES, address)
        assert got(row, tmp_path / "cache", mirror=tmp_path / "bad") == CONTENT
    assert (theirs / "numbers").read_bytes() == spoil(CONTENT)
    assert "is not used" in capfd.readouterr().out


def test_a_download_that_breaks_off_leaves_nothing_and_the_next_one_starts_cleanly(tmp_path: Path, mirror: Path) -> None:
    cache = tmp_path / "cache"
    with tiny.served(mirror / "tiny", manners="cut off") as (address, asked), pytest.raises(NotObtainable):
        got(tiny.dataset("tiny", FILES, address), cache)
    assert asked
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    with tiny.served(mirror / "tiny") as (address, _):
        assert got(tiny.dataset("tiny", FILES, address), cache) == CONTENT


@pytest.mark.parametrize("manners", ["moody", "abrupt"])
def test_a_server_that_is_busy_or_hangs_up_is_asked_again(tmp_path: Path, mirror: Path, manners: str) -> None:
    with tiny.served(mirror / "tiny", manners=manners) as (address, asked):
        assert got(tiny.dataset("tiny", FILES, address), tmp_path / "cache") == CONTENT
    assert asked.count("/numbers") >= 2


def test_a_server_that_does_not_have_the_file_is_not_asked_again(tmp_path: Path, mirror: Path) -> None:
    with tiny.served(tmp_path, manners="good") as (address, asked), pytest.raises(NotObtainable, match="404"):
        got(tiny.dataset("tiny", FILES, address), tmp_path / "cache")
    assert len(asked) <= 2  # the path, and the line that says 404


def test_the_error_names_the_files_the_checksums_the_addresses_and_what_to_do(tmp_path: Path) -> None:
    address = tiny.closed_port()
    row = tiny.dataset("tiny", {"numbers": CONTENT, "more": b"x"}, address)
    with pytest.raises(NotObtainable) as caught:
        fetch_all(row, tiny.settings(row, tmp_path / "cache", mirror=tmp_path / "nowhere"))
    message = str(caught.value)
    for file in row.files:
        assert f"{address}/{file.name}" in message
        assert file.sha256 in message
    assert str(tmp_path / "nowhere") in message
    assert "COURSEKIT_MIRROR" in message


def test_a_host_that_was_dead_is_not_waited_for_twice(tmp_path: Path, mirror: Path) -> None:
    address = tiny.closed_port()
    row = tiny.dataset("tiny", FILES, address)
    assert not obtainable(row, tiny.settings(row, tmp_path / "cache"))
    with tiny.served(mirror / "tiny", port=int(address.rsplit(":", 1)[1])) as (_, asked):
        assert not obtainable(row, tiny.settings(row, tmp_path / "cache"))
    assert asked == []


def test_progress_is_shown_on_standard_output_only(tmp_path: Path, mirror: Path, capfd: Any) -> None:
    with tiny.served(mirror / "tiny") as (address, _):
        got(tiny.dataset("tiny", FILES, address), tmp_path / "cache")
    out, err = capfd.readouterr()
    assert "downloading numbers" in out
    assert err == ""


def test_a_full_disk_is_an_error_that_says_so_and_leaves_nothing(tmp_path: Path, mirror: Path, monkeypatch: Any) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    row = tiny.dataset("tiny", FILES)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"no room left .*\n?.*COURSEKIT_CACHE"):
        got(row, tmp_path / "cache", mirror=mirror)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from tests.coursekit import tinysets as tiny
from coursekit.data.sources import fetch_all
from coursekit.data.errors import DataError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
row = tiny.dataset("tiny", {"numbers": bytes(range(256)) * 40}, *sys.argv[3:])
try:
    fetch_all(row, tiny.settings(row, Path(sys.argv[1]), mirror=sys.argv[2]))
except DataError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a POSIX thing")
@pytest.mark.parametrize("over_http", [False, True])
def test_a_write_that_the_system_refuses_half_way_leaves_nothing(
    tmp_path: Path, mirror: Path, root: Path, over_http: bool
) -> None:
    cache = tmp_path / "cache"
    with tiny.served(mirror / "tiny") as (address, _):
        arguments = [str(cache), str(tmp_path if over_http else mirror), address]
        run = subprocess.run([sys.executable, "-c", LIMITED, *arguments], cwd=root, capture_output=True, text=True)
    assert "no room left" in run.stdout, run.stderr
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_is_swept_away_after_a_day(tmp_path: Path, mirror: Path) -> None:
    folder = tiny.publish(tmp_path / "cache" / "tiny", {"numbers.old.part": b"half", "numbers.new.part": b"half"})
    os.utime(folder / "numbers.old.part", (0, 0))
    got(tiny.dataset("tiny", FILES), tmp_path / "cache", mirror=mirror)
    assert sorted(path.name for path in folder.iterdir()) == ["numbers", "numbers.new.part"]


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_one(tmp_path: Path, mirror: Path, capfd: Any) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be")
    row = tiny.dataset("tiny", FILES)
    settings = tiny.settings(row, blocked, mirror=mirror)
    path = fetch_all(row, settings)["numbers"]
    assert path.read_bytes() == CONTENT
    assert tmp_path not in path.parents
    assert fetch_all(row, settings)["numbers"] == path
    out, err = capfd.readouterr()
    assert out.count("cannot be written") == 1
    assert "COURSEKIT_CACHE" in out
    assert err == ""
