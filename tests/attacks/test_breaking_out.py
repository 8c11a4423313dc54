"""Submissions that end, fork, signal or talk to what is not theirs, or forge what the grader hears."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping

import pytest

from autograder import Verdict, sandbox
from autograder.labs.model import Lab
from tests.attacks.book import GRADER, Attack, judge

CELL_SECONDS = 60
PORT, NAME = 47_113, "\0fort-of-the-grader"
GONE = {"nearest": ("crashed",), "last": ("missing", "crashed")}
LINE = (
    GRADER
    + r"""
import os, sys
from multiprocessing.connection import Connection
pack = grader["frames"]["pack"]
ran = {"do": "ran", "seconds": 0.0, "cpu": 0.0, "error": None, "value": 1}
lines = [thing for thing in gc.get_objects() if isinstance(thing, Connection)]
"""
)


def ends(name: str, code: str, **more: object) -> Attack:
    """What ends the process at `nearest`: the marks before it are kept."""
    return Attack(name, {"nearest": code}, **{"loses": ("nearest", "last"), "statuses": GONE, **more})  # type: ignore[arg-type]


def harmless(name: str, code: str, **more: object) -> Attack:
    """What is contained: every answer beside it is right and is paid."""
    return Attack(name, cells=(code,), **more)  # type: ignore[arg-type]


ENDINGS = [
    ends("exit", "import os\nos._exit(0)", says="the Python process ended", flagged=("suspicious",)),
    ends("segfault", "import ctypes\nctypes.string_at(0)", flagged=("suspicious",)),
    ends("abort", "import os\nprint('bye', flush=True)\nos.abort()"),
    ends("kills_itself", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos._exit(1)"),
    ends(
        "kills_everybody",
        "import os, signal\nos.kill(-1, signal.SIGKILL)",
        loses=("nearest",),
        statuses={},
        says="ProcessLookupError",
    ),
    ends(
        "exit_when_called", "import os\nclass N:\n    def __call__(self): os._exit(0)\ndef nearest(*a): os._exit(0)\nnearest()"
    ),
    ends(
        "forged_line",
        LINE + "for line in lines:\n    line.send_bytes(pack(ran))\nos._exit(0)",
        flagged=("suspicious",),
    ),
    ends(
        "forged_verdict_of_the_examiner",
        LINE + "done = pack({'seconds': 0.0, 'cpu': 0.0, 'error': None, 'value': 1})\n"
        "for line in lines:\n    line.send_bytes(done)\n    line.send_bytes(b'D' + done)\nos._exit(0)",
        statuses={"nearest": ("error", "crashed"), "last": ("missing",)},
    ),
    ends(
        "forged_descriptors",
        "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'\\x00\\x00\\x00\\x02{}')\n"
        "    except OSError:\n        pass\nos._exit(0)",
    ),
    ends(
        "forged_files",
        "import json, os\nfor name in ('result.json', 'verdict.json', 'results/results.json', 'feedback.json'):\n"
        "    os.makedirs(os.path.dirname(name) or '.', exist_ok=True)\n"
        "    json.dump({'score': 20, 'earned': 20, 'tests': [{'status': 'passed'}]}, open(name, 'w'))\n"
        "print('### PASSED 20/20', flush=True)\nos._exit(0)",
    ),
]
LOOSE = [
    Attack(
        "forged_values",
        {
            "nearest": LINE + "real = grader['student']['_send_values']\n"
            "def give(link, shell, names):\n"
            "    link.send(pack({'do': 'answer', 'values': {n: ['value', {'k': 'own', 'n': 0}] for n in (*names, 'check', 'np')}}))\n"
            "grader['student']['_send_values'] = give"
        },
        loses=("nearest", "last"),
        says="not a value",
    ),
    Attack(
        "forged_names",
        {
            "nearest": LINE + "import json\nreal = grader['student']['_send_values']\n"
            "def give(link, shell, names):\n"
            "    link.send(pack({'do': 'answer', 'values': {'check': ['value', 1], 'np': ['value', 1], 'CENTRES': ['value', 0],\n"
            "                    'X_test': ['value', 0], **{n: ['value', 128] for n in names}}}))\n"
            "grader['student']['_send_values'] = give"
        },
        loses=("nearest",),
        says="nearest: error",
    ),
    Attack(
        "infinite_line_number",
        {
            "nearest": LINE + "error = {'name': 'E' * 10**6, 'message': 'x' * 10**7, 'line': float('inf')}\n"
            "for line in lines:\n    line.send_bytes(pack({**ran, 'error': error}))\n"
            "import time\ntime.sleep(60)"
        },
        loses=("nearest", "last"),
        statuses=GONE,
    ),
    Attack(
        "name_and_message_without_end",
        {
            "nearest": "class E(Exception): pass\nE.__name__ = 'E' * 10**6\nraise E('\\ud800\\0' + 'x' * 10**7)",
        },
        loses=("nearest",),
        says="did not run to its end",
    ),
    Attack("system_exit", {"nearest": "import sys\nsys.exit(0)"}, loses=("nearest",), says="SystemExit"),
    Attack("keyboard_interrupt", {"nearest": "raise KeyboardInterrupt"}, loses=("nearest",), says="KeyboardInterrupt"),
]
NETWORK = rf"""
import os, socket, urllib.request
done, tried = [], 0
def attempt(what, action):
    global tried
    tried += 1
    try:
        action()
        done.append(what)
    except OSError:
        pass
def abstract():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect("\0fort-of-the-grader")
attempt("a port of this machine", lambda: socket.create_connection(("127.0.0.1", {PORT}), 3))
attempt("an abstract socket", abstract)
attempt("the network", lambda: socket.create_connection(("1.1.1.1", 53), 3))
attempt("names", lambda: socket.getaddrinfo("example.org", 80))
attempt("the web", lambda: urllib.request.urlopen("http://example.org", timeout=3))
attempt("a file by the web", lambda: urllib.request.urlopen("file:///etc/shadow"))
raise RuntimeError(f"connected to {{done}} of {{tried}}")
"""
OUTWARD = [
    Attack("network", {"nearest": NETWORK}, loses=("nearest",), says="connected to [] of 6", flagged=("suspicious",)),
    Attack(
        "privileges",
        {
            "nearest": "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            "flags = [0x10000000, 0x20000, 0x20000000, 0x40000000]\nmade = [f for f in flags if libc.unshare(f) == 0]\n"
            "became = []\nfor act in (os.setuid, os.setgid):\n    try:\n        act(0)\n"
            "        became.append(act.__name__)\n    except OSError: pass\n"
            "mounted = libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0 or libc.umount2(b'/proc', 2) == 0\n"
            "traced = libc.ptrace(16, os.getppid() or 1, 0, 0) == 0 and os.getppid() != 0\n"
            "raise RuntimeError(f'gained {made, became, mounted, traced}')"
        },
        loses=("nearest",),
        says="gained ([], [], False, False)",
    ),
    Attack(
        "signals_to_others",
        {
            "nearest": "import os\nseen = sorted(int(n) for n in os.listdir('/proc') if n.isdigit())\n"
            "hit = []\nfor pid in range(2, 5000):\n    try:\n        os.kill(pid, 0)\n        hit.append(pid)\n"
            "    except OSError: pass\n"
            "own = set(map(int, os.listdir('/proc/self/task')))\n"
            "raise RuntimeError(f'processes in sight: {seen}, in reach beside our threads: {sorted(set(hit) - own)}')"
        },
        loses=("nearest",),
        says="processes in sight: [1], in reach beside our threads: []",
    ),
]
CONTAINED = [
    harmless(
        "signals_and_hooks",
        "import atexit, faulthandler, signal, sys, threading\natexit.register(lambda: print('PASSED'))\n"
        "for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM): signal.signal(number, signal.SIG_IGN)\n"
        "signal.alarm(1)\n"
        "sys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\n"
        "threading.excepthook = sys.excepthook = lambda *a: None\n"
        "sys.exit = quit = exit = lambda *a: None\nsys.setrecursionlimit(300)",
        flagged=("suspicious",),
    ),
    harmless("bash", "%%bash\necho a; exit 7"),
    harmless(
        "script",
        "%%script bash\nkill -9 $PPID; kill -9 -1; exit 3",
        flagged=("suspicious",),
    ),
    harmless("pip", "!pip install --quiet no-such-package-of-the-fort", flagged=("suspicious",)),
    harmless("rm", "!rm -rf __FOLDER__ ~/* ../*; ls __FOLDER__"),
    harmless("reset", "%reset -f\nimport keras\nimport numpy as np\n" + "X_train = [0] * 128", loses=("nearest",)),
    harmless("streams", "import os\nfor fd in (0, 1, 2): os.close(fd)"),
    harmless("folder", "import os, shutil\nhere = os.getcwd()\nos.chdir('/')\nshutil.rmtree(here, ignore_errors=True)"),
    harmless("own_shell_exit", "get_ipython().ask_exit()\nexit_now = get_ipython().exit_now = True"),
    harmless(
        "cwd_module", "open('numpy.py', 'w').write('raise SystemExit')\nopen('coursekit.py', 'w').write('raise SystemExit')"
    ),
]
ATTACKS = [*ENDINGS, *LOOSE, *OUTWARD, *CONTAINED]
WALLED = {attack.name for attack in OUTWARD} | {"kills_everybody", "script", "rm"}
if sandbox.strongest() != "full":  # not even tried without a sandbox
    ATTACKS = [attack for attack in ATTACKS if attack.name not in WALLED]


@pytest.fixture(scope="module", autouse=True)
def targets() -> Iterator[None]:
    """What the attackers try to reach: a port and an abstract socket of this machine that answer."""
    with socket.socket() as port, socket.socket(socket.AF_UNIX) as name:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            port.bind(("127.0.0.1", PORT))
            name.bind(NAME)
            port.listen()
            name.listen()
        except OSError:
            pass  # another worker keeps them open
        socket.create_connection(("127.0.0.1", PORT), 5).close()
        yield


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_nothing_gets_out_and_what_was_earned_is_kept(attack: Attack, graded: Mapping[str, Verdict], fort: Lab) -> None:
    judge(fort, attack, graded[attack.name])
