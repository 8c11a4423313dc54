"""A set of many files: several come at a time, what came stays, and one bad file is one bad file."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coursekit.data import network, sources
from coursekit.data.errors import DataError
from coursekit.data.sources import NotObtainable, fetch_all
from tests.coursekit import tinysets as tiny

FILES = {f"part{i % 3}/file{i:03}.bin": bytes([i]) * (1000 + i) for i in range(60)}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another try after a failure comes at once."""
    monkeypatch.setattr(network, "PAUSES", (0.0, 0.0))


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    tiny.publish(tmp_path / "mirror" / "many", FILES)
    return tmp_path / "mirror"


def got(cache: Path, *urls: str, **options: Any) -> dict[str, bytes]:
    row = tiny.dataset("many", FILES, *urls)
    return {name: path.read_bytes() for name, path in fetch_all(row, tiny.settings(row, cache, **options)).items()}


def here(cache: Path) -> dict[str, bytes]:
    """What lies in the cache, whole or not."""
    folder = cache / "many"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def files_asked(asked: list[str]) -> set[str]:
    return {path.lstrip("/").removeprefix("many/") for path in asked}


def test_all_files_come_in_the_registry_s_order_under_one_line_of_progress(tmp_path: Path, mirror: Path, capfd: Any) -> None:
    with tiny.served(mirror / "many") as (address, asked):
        assert list(got(tmp_path / "cache", address).items()) == list(FILES.items())
    assert len(asked) == len(FILES)
    out, err = capfd.readouterr()
    assert out.count("\n") == 1
    assert "60 files, 0.1 MB" in out or "61.8k/61.8k" in out  # a bar where it took long enough to look at one
    assert err == ""
    assert tiny.leftovers(tmp_path / "cache") == []


def test_several_files_are_on_their_way_at_a_time_but_not_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most = 0, 0

    def slow(address: str, part: Path, file: Any, alone: bool) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.02)
        under_way -= 1
        part.write_bytes(FILES[file.name])

    monkeypatch.setattr(sources, "_copy", slow)
    assert got(tmp_path / "cache", "http://127.0.0.1") == FILES
    assert 2 <= most <= 8


def test_what_is_here_and_right_is_not_fetched_again(tmp_path: Path, mirror: Path) -> None:
    names = list(FILES)
    tiny.publish(tmp_path / "cache" / "many", {name: FILES[name] for name in names[:40]})
    with tiny.served(mirror / "many") as (address, asked):
        assert got(tmp_path / "cache", address) == FILES
    assert files_asked(asked) == set(names[40:])


def wrong_byte(content: bytes) -> bytes:
    return content[:500] + bytes([content[500] ^ 1]) + content[501:]


def truncated(content: bytes) -> bytes:
    return content[:-10]


@pytest.mark.parametrize("spoil", [wrong_byte, truncated])
def test_only_the_bad_files_of_the_cache_are_fetched_again(
    tmp_path: Path, mirror: Path, capfd: Any, spoil: Callable[[bytes], bytes]
) -> None:
    bad = list(FILES)[7:17]
    tiny.publish(tmp_path / "cache" / "many", FILES | {name: spoil(FILES[name]) for name in bad})
    with tiny.served(mirror / "many") as (address, asked):
        assert got(tmp_path / "cache", address) == FILES
    assert files_asked(asked) == set(bad)
    assert "is damaged" in capfd.readouterr().out


@pytest.mark.parametrize("spoil", [wrong_byte, truncated])
def test_a_mirror_with_a_few_bad_files_gives_the_others(
    tmp_path: Path, mirror: Path, capfd: Any, spoil: Callable[[bytes], bytes]
) -> None:
    bad = list(FILES)[::20]
    tiny.publish(tmp_path / "bad" / "many", FILES | {name: spoil(FILES[name]) for name in bad})
    with tiny.served(mirror / "many") as (address, asked):
        assert got(tmp_path / "cache", address, mirror=tmp_path / "bad") == FILES
    assert files_asked(asked) == set(bad)
    out = capfd.readouterr().out
    assert all(f"{name} is not used" in out for name in bad)


def test_a_mirror_with_nothing_but_bad_files_is_reported_in_a_few_lines(tmp_path: Path, mirror: Path, capfd: Any) -> None:
    tiny.publish(tmp_path / "bad" / "many", {name: wrong_byte(content) for name, content in FILES.items()})
    with tiny.served(mirror / "many") as (address, _):
        assert got(tmp_path / "cache", address, mirror=tmp_path / "bad") == FILES
    out = capfd.readouterr().out
    assert out.count("\n") < 15
    assert f"More files of {tmp_path / 'bad' / 'many'}" in out


def test_a_dead_mirror_is_reported_once_and_the_second_source_gives_everything(
    tmp_path: Path, mirror: Path, capfd: Any
) -> None:
    with tiny.served(mirror / "many") as (address, _):
        assert got(tmp_path / "cache", address, mirror=tiny.closed_port()) == FILES
    assert capfd.readouterr().out.count("COURSEKIT_MIRROR") == 1


def test_a_first_official_address_that_is_dead_leads_to_the_second(tmp_path: Path, mirror: Path) -> None:
    with tiny.served(mirror / "many") as (address, _):
        assert got(tmp_path / "cache", tiny.closed_port(), address) == FILES


def test_a_file_that_nobody_has_is_named_and_the_others_stay(tmp_path: Path, mirror: Path) -> None:
    lost = list(FILES)[30]
    (mirror / "many" / lost).unlink()
    with tiny.served(mirror / "many") as (address, _), pytest.raises(NotObtainable, match=lost) as caught:
        got(tmp_path / "cache", address)
    assert [file.name for file in caught.value.files] == [lost]
    assert here(tmp_path / "cache") == {name: content for name, content in FILES.items() if name != lost}


def test_if_nothing_comes_the_rest_is_not_asked_for_and_the_message_stays_short(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with tiny.served(tmp_path / "empty") as (address, asked), pytest.raises(NotObtainable) as caught:
        got(tmp_path / "cache", address)
    assert len(files_asked(asked)) < 45
    assert len(caught.value.files) == 60
    message = str(caught.value)
    assert "and 55 more" in message
    assert message.count("\n") < 20
    assert "What to do" in message


@pytest.mark.parametrize("manners", ["moody", "abrupt"])
def test_a_server_with_bad_manners_gives_everything_in_the_end(tmp_path: Path, mirror: Path, manners: str) -> None:
    with tiny.served(mirror / "many", manners=manners) as (address, _):
        assert got(tmp_path / "cache", address) == FILES
    assert tiny.leftovers(tmp_path / "cache") == []


def test_a_disk_that_fills_up_is_an_error_and_what_came_before_stays_for_the_next_time(
    tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = 20

    def filling(descriptor: int) -> None:
        nonlocal room
        room -= 1
        if room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", filling)
        with pytest.raises(DataError, match=r"no room left .*\n?.*COURSEKIT_CACHE"):
            got(tmp_path / "cache", mirror=mirror)
    kept = here(tmp_path / "cache")
    assert len(kept) == 20
    assert all(FILES[name] == content for name, content in kept.items())
    with tiny.served(mirror / "many") as (address, asked):
        assert got(tmp_path / "cache", address) == FILES
    assert not files_asked(asked) & set(kept)


FETCHING = """
import sys
from pathlib import Path
from coursekit.data.sources import fetch_all
from tests.coursekit import tinysets as tiny
from tests.coursekit.test_data_many import FILES
row = tiny.dataset("many", FILES, *sys.argv[2:])
sys.stdin.read()  # all start together
paths = fetch_all(row, tiny.settings(row, Path(sys.argv[1])))
print("right", sum(paths[name].read_bytes() == content for name, content in FILES.items()))
"""


def start(root: Path, cache: Path, address: str, code: str = FETCHING) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(cache), address]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=root, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_two_processes_may_fetch_at_once(tmp_path: Path, mirror: Path, root: Path) -> None:
    with tiny.served(mirror / "many") as (address, _):
        processes = [start(root, tmp_path / "cache", address) for _ in range(2)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
        ends = [process.communicate() for process in processes]
    for out, err in ends:
        assert out.splitlines()[-1] == "right 60", err
        assert err == ""
    assert here(tmp_path / "cache") == FILES


# A program that was started in the background by a shell ignores Ctrl-C, and so do those that it starts.
SLOWLY = (
    "import signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from coursekit.data import sources\ncopy = sources._copy\n"
    "def slow(*args):\n    time.sleep(0.1)\n    copy(*args)\nsources._copy = slow\n" + FETCHING
)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_after_ctrl_c_or_a_kill_the_next_run_fetches_only_the_rest(tmp_path: Path, mirror: Path, root: Path, how: str) -> None:
    cache = tmp_path / "cache"
    with tiny.served(mirror / "many") as (address, asked):
        process = start(root, cache, address, SLOWLY)
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        deadline = time.monotonic() + 60
        while len(asked) < 12 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(getattr(signal, how))
        process.communicate()
        whole = {name: content for name, content in here(cache).items() if not name.endswith(".part")}
        assert 0 < len(whole) < len(FILES)
        assert all(FILES[name] == content for name, content in whole.items())
        asked.clear()
        assert got(cache, address) == FILES
        assert not files_asked(asked) & set(whole)
    if how == "SIGINT":
        assert tiny.leftovers(cache) == []
