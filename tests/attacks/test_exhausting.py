"""Submissions that use up time, memory, processes, output or disk: stopped at their limits, the rest of the work is paid."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from autograder import Verdict
from autograder.labs.model import Lab
from tests.attacks.book import Attack, judge

CELL_SECONDS = 10
LARGE = 10**9 if "EVERY_STUDENT" in os.environ else 10**8
STOPPED = {"nearest": ("timeout",), "last": ("missing",)}
FULL = "raise RuntimeError(f'wrote {{\"much\" if written > {least} else written}}: {{stopped}}')"


def stops(name: str, code: str, *, loses: tuple[str, ...] = ("nearest",), **more: object) -> Attack:
    return Attack(name, {"nearest": code}, loses=loses, **more)  # type: ignore[arg-type]


TIME = [
    stops(
        "endless", "while True:\n    pass", says=f"longer than its {CELL_SECONDS} seconds", statuses={"nearest": ("timeout",)}
    ),
    stops(
        "swallows_interrupts",
        "import time\nwhile True:\n    try:\n        while True: time.sleep(0.01)\n    except BaseException: pass",
        loses=("nearest", "last"),
        statuses=STOPPED,
    ),
    stops(
        "deaf",
        "import signal, time\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "while True: time.sleep(1)",
        loses=("nearest", "last"),
        statuses=STOPPED,
        flagged=("suspicious",),
    ),
    stops("regular_expression", "import re\nre.match('(a+)+$', 'a' * 40 + 'b')", statuses={"nearest": ("timeout",)}),
    Attack(
        "endless_when_called",
        {"softmax": "def softmax(z):\n    while True: pass"},
        loses=("softmax",),
        statuses={"softmax": ("timeout",)},
    ),
    Attack(
        "sleeps_at_the_second_call",
        {
            "softmax": "import time\ncalls = []\ndef softmax(z):\n    calls.append(1)\n    if len(calls) > 1: time.sleep(1000)\n"
            "    return np.array([[0.5, 0.5], [0.25, 0.75]])"
        },
        loses=("softmax",),
        statuses={"softmax": ("timeout",)},
    ),
    stops(
        "half_a_frame",
        "import gc, os, time\nfrom multiprocessing.connection import Connection\n"
        "for thing in gc.get_objects():\n"
        "    if isinstance(thing, Connection): os.write(thing.fileno(), b'\\x00\\x00\\x01')\nos.kill(os.getpid(), 19)\n"
        "while True:\n    try:\n        time.sleep(1)\n    except BaseException: pass",
        loses=("nearest", "last"),
    ),
]
MEMORY = [
    stops("fifty_gigabytes", "x = bytearray(50 << 30)", says="memory", statuses={"nearest": ("memory", "error")}),
    stops(
        "little_by_little",
        "x = []\nwhile True: x.append(bytearray(1 << 28))",
        loses=("nearest",),
        statuses={"nearest": ("memory", "error")},
    ),
    stops("deep", "def f(n): return f(n + 1)\nf(0)", says="RecursionError"),
    stops(
        "a_value_without_end",
        "nearest = []\nnearest.append(nearest)\nx = [0]\nfor _ in range(200): x = [x, x]\nnearest = x",
        says="nearest",
    ),
    stops("a_large_value", "nearest = np.zeros(200_000_000, dtype='int8')", says="nearest"),
]
PROCESSES = [
    stops(
        "fork_bomb",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        loses=("nearest", "last"),
        flagged=("suspicious",),
    ),
    Attack(
        "daemons",
        cells=(
            "import os, signal, time\nfor _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n"
            "        for n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n        if os.fork() == 0:\n"
            "            while True: time.sleep(1)\n"
            "        os._exit(0)",
        ),
    ),
    Attack(
        "threads",
        cells=(
            "import threading, time\ndef work():\n    while True: time.sleep(0.01)\n"
            "for _ in range(50): threading.Thread(target=work, daemon=False).start()",
        ),
    ),
]
OUTPUT = [
    Attack("one_long_line", cells=(f"import sys\nfor _ in range({LARGE // 10**6}): sys.stdout.write('x' * 10**6)\nprint()",)),
    Attack("many_lines", cells=("for i in range(10**6): print(i)",)),
    Attack(
        "large_display", cells=("from IPython.display import HTML, display\ndisplay(HTML('x' * 50_000_000))\n'y' * 50_000_000",)
    ),
    Attack(
        "binary",
        cells=("import os\nfor _ in range(100): os.write(1, os.urandom(10**5)); os.write(2, b'\\xff\\x00\\x1b[2J' * 1000)",),
    ),
]
DISK = [
    stops(
        "one_large_file",
        "written, stopped = 0, ''\ntry:\n    with open('big', 'wb', 0) as f:\n        written = f.write(bytes(1 << 20))\n"
        "        f.truncate(3 << 30)\nexcept OSError as error: stopped = error.strerror\n" + FULL.format(least="1000"),
        says="wrote much: File too large",
    ),
    stops(
        "all_of_the_disk",
        "import os\nwritten, stopped = 0, ''\ntry:\n    for n in range(64):\n        for place in ('.', '/tmp', '/dev/shm'):\n"
        "            with open(f'{place}/big{n}', 'wb', 0) as f: written += f.write(bytes(1 << 25))\n"
        "            assert os.path.getsize(f'{place}/big{n}') == 1 << 25, 'short'\n"
        "except (OSError, AssertionError) as error: stopped = 'No space'\n" + FULL.format(least="1 << 28"),
        says="wrote much: No space",
    ),
    stops(
        "a_million_files",
        "written, stopped = 0, ''\ntry:\n    for n in range(10**6):\n        open(f'f{n}', 'w').close()\n        written += 1\n"
        "except OSError as error: stopped = error.strerror\n" + FULL.format(least="1000"),
        says="wrote much: No space left on device",
    ),
]
# Past everything that runs here: bytes straight onto the line, as a frame or as a part of one. A `Looked` does so when the examiner
# asks for the values.
WIRE = r"""
import gc, os, struct, sys, time
from multiprocessing.connection import Connection
line = [thing for thing in gc.get_objects() if isinstance(thing, Connection)][0].fileno()
def say(data):
    data = memoryview(data)
    while data: data = data[os.write(line, data[:1 << 16]):]
def frame(kind, text, cpu=0.0, blobs=()):
    body = struct.pack("!cdI", kind, cpu, len(text)) + text
    return struct.pack("!i", len(body)) + body
class Looked:
    @property
    def __class__(self):
        if sys._getframe(1).f_code.co_name == "node":
            answer()
            os._exit(0)
        return object
"""
ENDED = {"nearest": ("crashed",), "last": ("missing",)}
WRONG = {"nearest": ("error", "failed", "memory"), "last": ("crashed", "missing")}


def line(name: str, code: str, statuses: Mapping[str, tuple[str, ...]], **more: object) -> Attack:
    return stops(name, WIRE + code, loses=("nearest", "last"), statuses=statuses, **more)


def answers(name: str, code: str, statuses: Mapping[str, tuple[str, ...]] = WRONG, **more: object) -> Attack:
    return line(name, f"def answer(): {code}\nnearest = Looked()", statuses, **more)


FRAMES = [
    line(
        "drips",
        "say(struct.pack('!i', 1000))\nwhile True:\n    try:\n        say(b'x'); time.sleep(0.5)\n    except BaseException: pass",
        STOPPED,
        says=f"longer than its {CELL_SECONDS} seconds",
    ),
    line("claims_900_megabytes", "say(struct.pack('!i', 900 << 20) + bytes(10**6))\nos._exit(0)", ENDED),
    line("brackets", "say(frame(b'R', b'[' * 60_000))\nos._exit(0)", ENDED),
    line("an_outcome_of_60_megabytes", "say(frame(b'R', b'[' + b'{},' * 20_000_000 + b'1]'))\nos._exit(0)", ENDED),
    answers("60_megabytes_to_parse", "say(frame(b'a', b'[' + b'{},' * 20_000_000 + b'1]'))", says="60 MB to describe"),
    answers(
        "12_megabytes_of_nothing",
        "say(frame(b'a', b'{\"blobs\":[],\"values\":{\"nearest\":[\"value\",[' + b'{},' * 4_000_000 + b'1]]}}'))",
    ),
    answers("large_and_true_to_its_size", "say(frame(b'a', b'x' * 400_000_000))", says="400 MB to describe"),
    answers("brackets_as_an_answer", "say(frame(b'a', b'[' * 10**6))"),
    answers("drips_an_answer", "say(struct.pack('!i', 1000)); [(say(b'x'), time.sleep(0.5)) for _ in range(999)]", STOPPED),
    *[
        line(
            f"a_cell_says_{cpu}",
            f'say(frame(b\'R\', b\'{{"blobs":[],"error":null,"value":1e999,"seconds":-1}}\', float(\'{cpu}\')))\nos._exit(0)',
            {"nearest": ("error", "crashed"), "last": ("crashed", "missing")},
        )
        for cpu in ("inf", "1e308")
    ],
    answers("an_answer_says_inf", "say(frame(b'a', b'{}', float('inf')))"),
    answers("an_answer_says_1e308", "say(frame(b'a', b'{\"blobs\":[],\"values\":{}}', 1e308))"),
    stops("sleeps", "import time\ntime.sleep(1000)", statuses={"nearest": ("timeout",)}),
]
ATTACKS = [*TIME, *MEMORY, *PROCESSES, *OUTPUT, *DISK, *FRAMES]
MOST_GROWTH_MB = 300  # of the grader itself, whatever several submissions at once send to it


@pytest.mark.long
@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_limits_hold_and_what_was_earned_is_kept(attack: Attack, graded: Mapping[str, Verdict], fort: Lab) -> None:
    judge(fort, attack, graded[attack.name])


class Growth(threading.Thread):
    """Looks, until it is asked, at how much memory this process, the grader itself, takes beyond what it took before."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._grader = psutil.Process()
        self._before = self._grader.memory_info().rss
        self._asked = threading.Event()
        self._looks: list[int] = []

    def run(self) -> None:
        while not self._asked.wait(0.02):
            self._looks.append(self._grader.memory_info().rss - self._before)

    def most_mb(self) -> int:
        self._asked.set()
        self.join()
        return max(self._looks) >> 20


_growth: list[Growth] = []


def prepare(folder: Path) -> None:
    """Before the class is graded."""
    _growth.append(Growth())
    _growth[-1].start()


def inspect(folder: Path) -> None:
    """After it."""
    assert _growth.pop().most_mb() < MOST_GROWTH_MB


@pytest.mark.long
def test_verdicts_on_forged_figures_are_json_with_numbers_that_were_possible(graded: Mapping[str, Verdict]) -> None:
    def no(constant: str) -> float:
        raise AssertionError(f"{constant} is not JSON")

    for name, verdict in graded.items():
        said = json.loads(verdict.to_json(), parse_constant=no)
        assert 0 <= said["cpu_seconds"] <= 500, name
        assert 0 <= said["seconds"] <= 500, name
