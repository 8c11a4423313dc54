"""A sandboxed process sees, reaches and uses only what its spec allows, whichever user started it."""

from __future__ import annotations

import inspect
import json
import mmap
import multiprocessing.synchronize
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox import (
    Level,
    SandboxError,
    SandboxSpec,
    default_readable,
    enter,
    grader_files,
    landlock,
    probe,
    strongest,
    syscalls,
)
from autograder.sandbox.privileges import CUDA_DEVICE, PR_SET_DUMPABLE
from autograder.sandbox.probing import ESSENTIAL, try_all

ROOT = Path(__file__).parents[3]
NOBODY = 65534
LEVELS: tuple[Level, ...] = ("full", "process")
MEGABYTE = 1 << 20

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is made of Linux system calls")


class Inmate:
    """A process forked into a room. It tells what its function returns or, one by one, yields."""

    def __init__(
        self,
        function: Callable[[], Any],
        room: SandboxSpec,
        level: Level,
        prepare: Callable[[], None] = lambda: None,
        before: Callable[[int], None] = lambda pid: None,
    ) -> None:
        told, telling = os.pipe()
        self.watcher = os.fork()
        if not self.watcher:
            os.close(told)
            _serve(telling, function, room, level, prepare, before)
        os.close(telling)
        self.told = os.fdopen(told)
        self.code: int | None = None

    def hear(self) -> Any:
        """The next thing that it tells; fails if it has ended, or could not go in."""
        line = self.told.readline()
        assert line, f"the sandboxed process ended with {self.wait()} and said nothing"
        message = json.loads(line)
        if "refused" in message:
            raise SandboxError(message["refused"])
        assert "error" not in message, f"in the room: {message['error']}"
        return message["value"]

    def pid(self) -> int:
        """Its number as seen from here, which it tells first."""
        return self.hear()

    def wait(self) -> int:
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.watcher, 0)[1])
        return self.code

    def end(self) -> None:
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self.watcher, signal.SIGKILL)
            self.wait()
        self.told.close()


def _serve(
    telling: int,
    function: Callable[[], Any],
    room: SandboxSpec,
    level: Level,
    prepare: Callable[[], None],
    before: Callable[[int], None],
) -> None:
    def tell(**message: Any) -> None:
        os.write(telling, json.dumps(message).encode() + b"\n")

    def announce(pid: int) -> None:
        before(pid)
        tell(value=pid)

    try:
        prepare()
        enter(room, level, announce)
        values = function() if inspect.isgeneratorfunction(function) else iter([function()])
        for value in values:
            tell(value=value)
        os._exit(0)
    except SandboxError as error:
        tell(refused=str(error))
    except BaseException as error:
        tell(error=f"{type(error).__name__}: {error}")
    os._exit(1)


class Warden:
    """Makes rooms for one kind of user and ends what is left in them."""

    def __init__(self, folder: Path, ordinary: bool) -> None:
        self.folder = folder
        self.ordinary = ordinary
        self.inmates: list[Inmate] = []

    def room(self, level: Level = "full", **changes: Any) -> SandboxSpec:
        scratch = tempfile.mkdtemp(dir=self.folder)
        if self.ordinary:
            os.chown(scratch, NOBODY, NOBODY)
        as_root = os.getuid() == 0 and not self.ordinary and level == "full"
        uid = 64_001 + len(self.inmates) if as_root else 0
        return SandboxSpec(**{"scratch": scratch, "readable": default_readable(), "disk_mb": 16, "uid": uid, **changes})

    def start(
        self, function: Callable[[], Any], level: Level = "full", room: SandboxSpec | None = None, **changes: Any
    ) -> Inmate:
        prepare = _become_nobody if self.ordinary else lambda: None
        inmate = Inmate(function, room or self.room(level, **changes), level, prepare)
        self.inmates.append(inmate)
        return inmate

    def run(self, function: Callable[[], Any], level: Level = "full", room: SandboxSpec | None = None, **changes: Any) -> Any:
        """What `function` returns in a room of its own."""
        inmate = self.start(function, level, room, **changes)
        inmate.pid()
        value = inmate.hear()
        assert inmate.wait() == 0
        return value


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    syscalls.prctl(PR_SET_DUMPABLE, 1)  # or it could not write its own /proc/self/uid_map


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can pass, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as path:
        os.chmod(path, 0o755)
        yield Path(path)


def _warden(folder: Path, ordinary: bool) -> Iterator[Warden]:
    if ordinary and os.getuid() != 0:
        pytest.skip("not root, so the tests as we are were those of an ordinary user")
    warden = Warden(folder, ordinary)
    try:
        yield warden
    finally:
        for inmate in warden.inmates:
            inmate.end()


@pytest.fixture
def us(folder: Path) -> Iterator[Warden]:
    yield from _warden(folder, ordinary=False)


@pytest.fixture(params=["as we are", "as an ordinary user"])
def warden(request: pytest.FixtureRequest, folder: Path) -> Iterator[Warden]:
    """Rooms at level "full"; the test is skipped, with the reason, where they cannot be built."""
    yield from _full_warden(folder, ordinary=request.param == "as an ordinary user")


@pytest.fixture
def full(folder: Path) -> Iterator[Warden]:
    yield from _full_warden(folder, ordinary=False)


def _full_warden(folder: Path, ordinary: bool) -> Iterator[Warden]:
    for warden in _warden(folder, ordinary):
        try:
            warden.run(lambda: None)
        except SandboxError as error:
            pytest.skip(f"level 'full' does not hold here: {error}")
        yield warden


@pytest.fixture
def closed(us: Warden) -> Warden:
    """Rooms at level "process" whose files Landlock closes."""
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    return us


@pytest.fixture(params=["full as we are", "full as an ordinary user", "process"])
def either(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[Warden, Level]]:
    """Rooms of both levels, with files closed."""
    if request.param == "process":
        yield request.getfixturevalue("closed"), "process"
        return
    for warden in _full_warden(folder, ordinary=request.param == "full as an ordinary user"):
        yield warden, "full"


@pytest.fixture(params=LEVELS)
def ours(request: pytest.FixtureRequest) -> tuple[Warden, Level]:
    """Rooms of both levels for who we are, whatever the kernel has for the second."""
    return request.getfixturevalue("full" if request.param == "full" else "us"), request.param


def error_of(attempt: Callable[[], Any]) -> str:
    """The kind of OSError that `attempt` raises, "" if it succeeds."""
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return ""


# Files


def _output_of(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def test_python_can_be_started_and_its_packages_imported(either: tuple[Warden, Level]) -> None:
    warden, level = either
    way = Path(sys.executable).resolve().parents
    if warden.ordinary and not all(folder.stat().st_mode & stat.S_IXOTH for folder in way):
        pytest.skip("this Python lies in a folder of root")
    package = ROOT / "coursekit" / "__init__.py"

    def use() -> list[str]:
        return [_output_of("import numpy; print(numpy.ones(3).sum())"), package.read_text()]

    assert warden.run(use, level) == ["3.0", package.read_text()]


def test_the_package_of_the_course_can_be_imported_by_a_new_python(full: Warden) -> None:
    script = "import coursekit; print(coursekit.__file__)"
    assert full.run(lambda: _output_of(script)) == _output_of(script)


def test_nothing_else_of_the_machine_exists_in_a_full_room(warden: Warden) -> None:
    (warden.folder / "secret").write_text("sealed")
    room = warden.room()
    places = ["/", str(Path.home()), str(ROOT), str(warden.folder)]
    seen = warden.run(lambda: {place: os.listdir(place) for place in places if os.path.exists(place)}, room=room)
    for place, names in seen.items():
        known = {Path(path).relative_to(place).parts[0] for path in (*room.readable, room.scratch) if path.startswith(place)}
        assert set(names) - known <= ({"dev", "etc", "proc", "tmp"} if place == "/" else set()), place
    assert "labs" not in seen.get(str(ROOT), [])


def test_nothing_of_the_old_file_system_stays_mounted(warden: Warden) -> None:
    room = warden.room()

    def points() -> list[str]:
        return [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]

    mounted = warden.run(points, room=room)
    assert len(set(mounted)) == len(mounted)
    own = ("/dev", "/proc", "/tmp", *(os.path.realpath(path) for path in (*room.readable, room.scratch)))
    assert [point for point in mounted if not any(f"{point}/".startswith(f"{path}/") for path in own)] == ["/"]


def test_files_that_were_not_named_cannot_be_opened_at_level_process(closed: Warden) -> None:
    secret = closed.folder / "secret"
    secret.write_text("sealed")
    secret.chmod(0o644)
    places = [
        str(secret),
        str(ROOT / "pyproject.toml"),
        "/etc/passwd",
        f"/proc/{os.getpid()}/environ",
        f"/proc/{os.getpid()}/maps",
    ]
    folders = [str(ROOT / "labs"), str(Path.home()), "/proc", str(closed.folder)]

    def look() -> list[str]:
        return [error_of(lambda p=p: open(p)) for p in places] + [error_of(lambda p=p: os.listdir(p)) for p in folders]

    assert closed.run(look, "process") == ["PermissionError"] * (len(places) + len(folders))


def test_what_is_hidden_below_a_readable_folder_cannot_be_read(either: tuple[Warden, Level]) -> None:
    warden, level = either
    packages = warden.folder / "packages"
    for name in ("seen", "hidden", "hidden/deep"):
        (packages / name).mkdir(parents=True)
        (packages / name / "code.py").write_text("secret")
    for name in ("seen.txt", "archive.zip"):
        (packages / name).write_text("secret")
    os.symlink(packages / "hidden", packages / "way")
    hidden = tuple(str(packages / name) for name in ("hidden", "archive.zip", "missing"))
    room = warden.room(level, readable=(*default_readable(), str(packages)), hidden=hidden)

    def look() -> dict[str, str]:
        names = ("seen/code.py", "seen.txt", "hidden/code.py", "hidden/deep/code.py", "way/code.py", "archive.zip")
        found = {}
        for name in names:
            try:
                found[name] = (packages / name).read_text()
            except OSError:
                found[name] = ""
        return {**found, "listed": ",".join(sorted(os.listdir(packages)))}

    found = warden.run(look, level, room)
    assert found.pop("listed") == "archive.zip,hidden,seen,seen.txt,way"
    assert {name for name, text in found.items() if text} == {"seen/code.py", "seen.txt"}


def test_what_lies_beside_the_parts_of_python_is_out_of_sight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that was made in the course's own folder; a container that works in /usr/src/app."""
    for name in ("bin", "lib", "labs", "submitted"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    readable = {Path(path) for path in default_readable.__wrapped__()}
    assert {tmp_path / "bin", tmp_path / "lib"} <= readable
    assert (
        not {tmp_path, tmp_path / "labs", tmp_path / "submitted", Path("/usr"), Path("/usr/src"), Path("/usr/local")} & readable
    )


def test_every_installation_of_the_grader_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    (packages / "autograder").mkdir(parents=True)
    (tmp_path / "share" / "nbgrader").mkdir(parents=True)
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    assert {str(ROOT / "autograder"), str(packages / "autograder"), str(tmp_path / "share" / "nbgrader")} <= set(
        grader_files.__wrapped__()
    )


def test_a_room_does_not_see_the_scratch_of_another(either: tuple[Warden, Level]) -> None:
    warden, level = either
    first, second = warden.room(level), warden.room(level)

    def write_and_stay() -> Iterator[str]:
        Path("answer").write_text("42")
        yield os.path.abspath("answer")
        time.sleep(60)

    neighbour = warden.start(write_and_stay, level, first)
    neighbour.pid()
    path = neighbour.hear()
    assert warden.run(lambda: error_of(Path(path).read_text), level, second) in ("FileNotFoundError", "PermissionError")


def test_writing_is_possible_in_the_scratch_only_even_by_symbolic_link(either: tuple[Warden, Level]) -> None:
    warden, level = either
    outside = warden.folder / "outside"
    outside.mkdir(mode=0o777)
    targets = [
        "/x",
        "/usr/x",
        "/etc/x",
        "/proc/x",
        "/dev/x",
        f"{sys.prefix}/x",
        str(ROOT / "coursekit" / "x"),
        str(outside / "x"),
    ]
    if (
        sys.prefix.startswith("/tmp/") and level == "full"
    ):  # the sandbox has a /tmp of its own, in which folders above Python are new
        targets.remove(f"{sys.prefix}/x")

    def write() -> list[str]:
        Path("own").write_text("fine")
        os.symlink(outside, "way-out")
        os.symlink(ROOT / "coursekit", "way-in")
        return [error_of(lambda t=t: open(t, "w")) for t in [*targets, "way-out/x", "way-in/x"]]

    assert all(warden.run(write, level))
    assert not list(outside.iterdir())
    assert not (ROOT / "coursekit" / "x").exists()


def test_a_readable_folder_may_lie_in_tmp_or_behind_links_and_the_scratch_inside_one(warden: Warden) -> None:
    data = warden.folder / "data"
    (data / "real").mkdir(parents=True)
    (data / "real" / "file").write_text("here")
    (warden.folder / "link").symlink_to("data/../data/real")
    scratch = warden.room().scratch
    room = warden.room(scratch=scratch, readable=(str(warden.folder / "link"), str(Path(scratch).parent)))

    def read_and_write() -> str:
        Path("note").write_text("written")
        return (warden.folder / "link" / "file").read_text() + error_of(lambda: (data / "new").touch())

    assert warden.run(read_and_write, room=room) == "hereOSError"
    assert not os.listdir(scratch)


def test_mounts_below_a_readable_folder_are_read_only_too(full: Warden) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can mount a disk to try this with")
    disk = full.folder / "data" / "disk"
    disk.mkdir(parents=True)
    syscalls.mount("test", str(disk), "tmpfs", 0, "mode=777,size=1m")
    try:
        (disk / "file").write_text("here")
        room = full.room(readable=(*default_readable(), str(full.folder / "data")))
        assert full.run(lambda: [(disk / "file").read_text(), error_of(lambda: (disk / "x").touch())], room=room) == [
            "here",
            "OSError",
        ]
    finally:
        syscalls.unmount(str(disk))


def test_everything_that_can_be_written_shares_one_quota(warden: Warden) -> None:
    def fill() -> int:
        for number in range(64):
            for place in (".", "/tmp", "/dev/shm"):
                with suppress(OSError):
                    Path(place, str(number)).write_bytes(bytes(MEGABYTE))
        files = (path for place in (".", "/tmp", "/dev/shm") for path in Path(place).iterdir() if path.is_file())
        return sum(path.stat().st_size for path in files)

    written = warden.run(fill, disk_mb=8)
    assert 7 * MEGABYTE < written <= 8 * MEGABYTE


def test_the_number_of_files_is_limited(warden: Warden) -> None:
    def litter() -> int:
        for number in range(1_000_000):
            try:
                open(str(number), "w").close()
            except OSError:
                return number
        return 1_000_000

    assert 100 < warden.run(litter, disk_mb=8) < 1000


def test_one_file_is_limited_and_exceeding_it_is_an_ordinary_error(ours: tuple[Warden, Level]) -> None:
    us, level = ours
    assert us.run(lambda: error_of(lambda: Path("big").write_bytes(bytes(20 * MEGABYTE))), level, disk_mb=16) == "OSError"


# Network


def _reach(address: Any, family: int = socket.AF_INET) -> None:
    with socket.socket(family) as caller:
        caller.settimeout(5)
        caller.connect(address)


def _call_everywhere(port: int, name: str) -> list[str]:
    def ask_for_a_name() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.sendto(b"?", ("8.8.8.8", 53))

    attempts: list[Callable[[], Any]] = [
        lambda: _reach(("127.0.0.1", port)),
        lambda: _reach(name, socket.AF_UNIX),
        ask_for_a_name,
        lambda: socket.getaddrinfo("example.org", 80),
        lambda: socket.socket(socket.AF_VSOCK),
    ]
    return [error_of(attempt) for attempt in attempts]


def test_nothing_can_be_reached_by_any_kind_of_socket(either: tuple[Warden, Level]) -> None:
    warden, level = either
    name = f"\0walls-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(name)
        unix.listen()
        port = tcp.getsockname()[1]
        _reach(("127.0.0.1", port))  # both can be reached from here
        _reach(name, socket.AF_UNIX)
        assert all(warden.run(lambda: _call_everywhere(port, name), level))


def test_sockets_between_own_processes_are_left(either: tuple[Warden, Level]) -> None:
    def talk() -> str:
        ours, theirs = socket.socketpair()
        ours.send(b"hello")
        return theirs.recv(5).decode()

    assert either[0].run(talk, either[1]) == "hello"


# Processes


def test_only_own_processes_are_in_sight(warden: Warden) -> None:
    assert warden.run(lambda: [name for name in os.listdir("/proc") if name.isdigit()]) == ["1"]


def test_nobody_outside_can_be_sent_a_signal(either: tuple[Warden, Level]) -> None:
    warden, level = either
    if level == "process" and landlock.version() < 6:
        pytest.skip("this kernel's Landlock does not know signals")
    us = os.getpid()
    assert warden.run(lambda: error_of(lambda: os.kill(us, 0)), level) in ("ProcessLookupError", "PermissionError")


def _daemon(alive: int) -> None:
    """A process in a session of its own that holds `alive` open and stays."""
    ready, set_up = os.pipe()
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.write(alive, b"!")
        os.write(set_up, b"!")
        time.sleep(600)
        os._exit(0)
    os.wait()
    os.read(ready, 1)


def _live_on(alive: int, then: Callable[[], None]) -> Callable[[], Iterator[str]]:
    def function() -> Iterator[str]:
        threading.Thread(target=time.sleep, args=(600,)).start()
        _daemon(alive)
        yield "started"
        then()

    return function


@pytest.mark.parametrize("end", ["first process ends", "first process is killed", "watcher is killed"])
def test_daemons_and_threads_die_with_the_first_process_and_with_the_watcher(warden: Warden, end: str) -> None:
    gone, alive = os.pipe()
    inmate = warden.start(_live_on(alive, lambda: os._exit(7) if end == "first process ends" else time.sleep(600)))
    os.close(alive)
    pid = inmate.pid()
    assert inmate.hear() == "started"
    assert os.read(gone, 1) == b"!"
    if end == "first process is killed":
        os.kill(pid, signal.SIGKILL)
    elif end == "watcher is killed":
        os.kill(inmate.watcher, signal.SIGKILL)
    assert os.read(gone, 1) == b""  # that is: nobody is left who could write
    os.close(gone)
    assert inmate.wait() == {"first process ends": 7, "first process is killed": 137, "watcher is killed": -signal.SIGKILL}[end]


def _multiply(most: int) -> int:
    """Start up to `most` processes that stay, and return how many there were."""
    for number in range(most):
        try:
            if not os.fork():
                time.sleep(600)
                os._exit(0)
        except BlockingIOError:
            return number
    return most


def test_a_fork_bomb_is_stopped_and_another_room_does_not_feel_it(warden: Warden) -> None:
    def explode() -> Iterator[int]:
        yield _multiply(100)
        time.sleep(600)

    bomb = warden.start(explode, processes=20)
    bomb.pid()
    assert 10 <= bomb.hear() < 20
    assert warden.run(lambda: _multiply(10), processes=20) == 10


def test_threads_are_counted_as_processes(warden: Warden) -> None:
    def start_threads() -> int:
        for number in range(100):
            try:
                threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
            except RuntimeError:
                return number
        return 100

    assert warden.run(start_threads, processes=20) < 20


def test_a_signal_from_outside_interrupts_as_the_stop_button_does(either: tuple[Warden, Level]) -> None:
    def work() -> Iterator[str]:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # until it can be caught
        yield "busy"
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            time.sleep(60)
        except KeyboardInterrupt:
            yield "interrupted"

    inmate = either[0].start(work, either[1])
    pid = inmate.pid()
    assert inmate.hear() == "busy"
    os.kill(pid, signal.SIGINT)
    assert inmate.hear() == "interrupted"
    assert inmate.wait() == 0


def test_processor_time_ends(either: tuple[Warden, Level]) -> None:
    def burn() -> None:
        while True:
            pass

    inmate = either[0].start(burn, either[1], cpu_seconds=1)
    inmate.pid()
    assert inmate.wait() in (128 + signal.SIGXCPU, 128 + signal.SIGKILL, -signal.SIGXCPU, -signal.SIGKILL)


# Powers


def _powers() -> dict[str, str]:
    lines = (line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines())
    return {key: value for key, value in lines if key.startswith("Cap") or key == "NoNewPrivs"}


@pytest.mark.parametrize("uid", [0, 64_001])
def test_no_capability_is_left_and_none_can_come_back(ours: tuple[Warden, Level], uid: int) -> None:
    us, level = ours
    if os.getuid() != 0:
        pytest.skip("only root has any to lose")

    def look() -> list[Any]:
        return [os.getresuid(), os.getresgid(), os.getgroups() if uid else [], _powers()]

    powers = {**dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16), "NoNewPrivs": "1"}
    assert us.run(look, level, uid=uid, readable=("/usr",)) == [[uid] * 3, [uid] * 3, [], powers]


def test_nothing_can_be_mounted_remounted_unmounted_or_nested(warden: Warden) -> None:
    remount, bind = 0x20, 0x1000
    places = ["/", "/usr", "/proc", "/tmp"]

    def rebuild() -> list[str]:
        attempts: list[Callable[[], Any]] = [lambda p=p: syscalls.unmount(p) for p in places]
        attempts += [lambda p=p: syscalls.mount("none", p, None, remount | bind) for p in places]
        attempts.append(lambda: syscalls.mount("none", os.getcwd(), "tmpfs", 0))
        attempts.append(lambda: syscalls.seal_mount("/", 0, recursive=True) or syscalls.pivot_root(".", "."))
        attempts += [lambda f=f: syscalls.unshare(f) for f in (0x10000000, 0x10020000)]
        attempts.append(lambda: syscalls.syscall("clone", 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0))
        attempts.append(lambda: syscalls.syscall("shmget", 0, MEGABYTE, 0o1600))
        return [error_of(attempt) for attempt in attempts]

    assert all(warden.run(rebuild))


def test_a_program_of_root_gives_nothing(full: Warden) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can make such a program")
    program = full.folder / "bin" / "who"
    program.parent.mkdir()
    shutil.copy(shutil.which("id") or "/usr/bin/id", program)
    program.chmod(0o755 | stat.S_ISUID)

    def ask() -> str:
        return subprocess.run([program, "-u"], capture_output=True, text=True, check=True).stdout.strip()

    if subprocess.run([program, "-u"], user=NOBODY, capture_output=True, text=True).stdout.strip() != "0":
        pytest.skip("such programs give nothing anywhere on this disk")
    room = full.room(readable=(*default_readable(), str(program.parent)))
    assert full.run(ask, room=room) == str(room.uid)


def test_kernel_settings_cannot_be_written_even_by_user_zero(full: Warden) -> None:
    settings = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/dev/null"]
    assert full.run(lambda: [error_of(lambda s=s: os.chmod(s, 0o600)) for s in settings], uid=0) == ["OSError"] * 3


def test_too_much_memory_is_a_memory_error(either: tuple[Warden, Level]) -> None:
    if os.path.exists(CUDA_DEVICE):
        pytest.skip("CUDA needs more addresses than memory, so they are not limited here")

    def allocate() -> str:
        try:
            bytearray(6000 * MEGABYTE)
        except MemoryError:
            return "MemoryError"
        return "allocated"

    assert either[0].run(allocate, either[1], memory_mb=5000) == "MemoryError"


def test_code_of_large_libraries_takes_nothing_from_the_memory_of_a_notebook(ours: tuple[Warden, Level]) -> None:
    """PyTorch with CUDA maps 4 GB of code. Here a large file that nobody may write to stands for it."""
    if os.path.exists(CUDA_DEVICE):
        pytest.skip("CUDA needs more addresses than memory, so they are not limited here")
    warden, level = ours
    library = warden.folder / "library.so"
    with library.open("wb") as file:
        file.truncate(6000 * MEGABYTE)  # a hole: it takes no disk
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ):

        def allocate() -> list[str]:
            found = []
            for size in (1000, 6000):
                try:
                    bytearray(size * MEGABYTE)
                    found.append("allocated")
                except MemoryError:
                    found.append("MemoryError")
            return found

        assert warden.run(allocate, level, memory_mb=5000) == ["allocated", "MemoryError"]


# What a notebook may count on


def test_what_programs_expect_of_a_machine_is_there(warden: Warden) -> None:
    def use() -> list[Any]:
        master, slave = os.openpty()
        os.write(slave, b"x")
        with tempfile.TemporaryFile() as file:
            file.write(os.urandom(8))
        lock = multiprocessing.get_context("fork").Lock()
        echoed = subprocess.run("echo hello > /dev/null; echo done", shell=True, capture_output=True, text=True).stdout
        return [os.read(master, 1).decode(), lock.acquire(), echoed, pwd.getpwuid(os.getuid()).pw_name, socket.gethostname()]

    assert warden.run(use) == ["x", True, "done\n", "student", "localhost"]


def test_keras_trains_in_a_full_room_forked_from_a_warm_process(full: Warden) -> None:
    script = (
        "import coursekit, keras, json, os, sys, numpy as np\n"
        "from autograder.sandbox import SandboxSpec, default_readable, enter\n"
        "spec = SandboxSpec(readable=default_readable(), **json.loads(sys.argv[1]))\n"
        "enter(spec, 'full', lambda pid: None) if not os.fork() else sys.exit(\n"
        "    os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "model.compile(loss='mse')\n"
        "loss = model.fit(np.ones((8, 2)), np.ones(8), epochs=2, verbose=0).history['loss'][-1]\n"
        "model.save('model.keras')\n"
        "print(os.getpid(), np.isfinite(loss), os.listdir('.'), flush=True)\n"
    )
    room = full.room()
    arguments = json.dumps({"scratch": room.scratch, "uid": room.uid})
    ended = subprocess.run([sys.executable, "-c", script, arguments], capture_output=True, text=True, cwd=ROOT)
    assert (ended.returncode, ended.stdout) == (0, "1 True ['model.keras']\n"), ended.stderr[-2000:]


# Building


def test_the_enclosed_process_goes_on_only_after_it_was_announced(full: Warden) -> None:
    marks, mark = os.pipe()

    def announce(pid: int) -> None:
        time.sleep(0.2)
        os.write(mark, b"announced ")

    inmate = Inmate(lambda: os.write(mark, b"inside"), full.room(), "full", before=announce)
    full.inmates.append(inmate)
    inmate.pid()
    inmate.hear()
    assert os.read(marks, 100) == b"announced inside"
    for end in (marks, mark):
        os.close(end)


def test_an_error_in_the_announcement_ends_the_room_before_anything_runs(full: Warden) -> None:
    gone, alive = os.pipe()

    def fail(pid: int) -> None:
        raise LookupError("no such group")

    inmate = Inmate(lambda: os.write(alive, b"ran"), full.room(), "full", before=fail)
    full.inmates.append(inmate)
    os.close(alive)
    with pytest.raises(AssertionError, match="no such group"):
        inmate.pid()
    assert os.read(gone, 10) == b""
    os.close(gone)


@pytest.mark.parametrize("wall", ["mount", "seal_mount", "pivot_root", "unshare", "set_capabilities", "syscall"])
def test_a_wall_that_fails_lets_nobody_in(full: Warden, monkeypatch: pytest.MonkeyPatch, wall: str) -> None:
    from autograder.sandbox import filesystem, seccomp

    def fail(*args: Any, **kwargs: Any) -> None:
        raise PermissionError(1, f"{wall}: Operation not permitted")

    for module in (syscalls, filesystem, seccomp):
        if hasattr(module, wall):
            monkeypatch.setattr(module, wall, fail)
    inmate = full.start(lambda: "ran")
    with pytest.raises(SandboxError, match=f"{wall}: Operation not permitted.*sysctl"):
        inmate.pid() and inmate.hear()
    assert inmate.wait() == 1


def test_a_scratch_that_is_not_there_is_reported(full: Warden) -> None:
    inmate = full.start(lambda: "ran", scratch=str(full.folder / "missing"))
    inmate.pid()
    with pytest.raises(SandboxError, match=r"own filesystem: .*No such file.*paths in the sandbox spec"):
        inmate.hear()


def test_a_readable_folder_that_the_new_user_may_not_read_is_reported(ours: tuple[Warden, Level]) -> None:
    us, level = ours
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    private = us.folder / "private"
    private.mkdir(mode=0o700)
    inmate = us.start(lambda: "ran", level, readable=("/usr", str(private)), uid=64_001)
    inmate.pid()
    with pytest.raises(SandboxError, match=f"user 64001 may not read {private}: .*uid=0"):
        inmate.hear()


@pytest.mark.parametrize("path", ["scratch", "../x", "/", "//", "/usr/.."])
def test_a_room_is_made_of_absolute_paths_below_the_root(path: str) -> None:
    with pytest.raises(ValueError, match="absolute paths below /"):
        SandboxSpec("/tmp/scratch", (path,))


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="'full' or 'process', not 'none'"):
        enter(SandboxSpec("/tmp/scratch", ()), "none", print)  # type: ignore[arg-type]


def test_what_may_be_read_by_default_is_nothing_of_the_course() -> None:
    readable = [Path(path) for path in default_readable()]
    for kept in (ROOT / "labs", ROOT / "autograder", ROOT / "tests", ROOT / "pyproject.toml", Path.home() / ".ssh"):
        assert not any(kept.is_relative_to(path) for path in readable), kept
    assert any((ROOT / "coursekit").is_relative_to(path) for path in readable)


def test_the_probe_names_the_reason_where_a_wall_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(flags: int) -> None:
        raise PermissionError(1, "unshare: Operation not permitted")

    monkeypatch.setattr(syscalls, "unshare", fail)
    monkeypatch.setattr(landlock, "version", lambda: 0)
    found = try_all()
    assert set(found) == set(probe()) - {"memory together"}
    for name in ESSENTIAL:
        assert found[name].startswith("own process tree: [Errno 1] unshare: Operation not permitted")
    assert "Landlock" in found["landlock"]


def test_the_strongest_level_is_full_exactly_where_its_walls_hold() -> None:
    assert strongest() == ("process" if any(probe()[name] for name in ESSENTIAL) else "full")
