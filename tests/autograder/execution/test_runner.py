"""A student process runs cells as a kernel would and is held to its limits from outside."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from autograder.execution import forkserver_client, runner
from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import ContendedError, run_cells, run_steps
from autograder.execution.steps import Outcome, Step


def run(*cells: str, env: dict[str, str] | None = None, **limits: float) -> list[Outcome]:
    return run_cells(cells, limits=Limits(**limits), env=env or {})


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def test_cells_share_names_and_an_error_stops_only_its_own_cell() -> None:
    first, second, third = run("a = 20", "a / 0", "a + 1.5")
    assert (first.status, second.status, third.status) == ("ok", "error", "ok")
    assert second.error == "ZeroDivisionError"
    assert third.value == 21.5


def test_an_error_is_placed_at_its_line_of_the_cell_even_when_raised_deeper() -> None:
    deep, syntax = run("def f():\n    raise ValueError('no')\n\nx = 1\nf()", "y = 1\ndef f(:")
    assert (deep.error, deep.message, deep.line) == ("ValueError", "no", 5)
    assert (syntax.error, syntax.line) == ("SyntaxError", 2)


def test_temporary_files_go_into_the_scratch_folder_which_vanishes() -> None:
    (outcome,) = run("import os, tempfile\nos.path.samefile(tempfile.gettempdir(), os.getcwd()) * 1")
    assert outcome.value == 1


def test_what_notebooks_may_contain_works_headless() -> None:
    cells = [
        "%matplotlib inline",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "import asyncio\nawait asyncio.sleep(0)",
        "from IPython.display import display\ndisplay({'a': 1})",
        "%%capture\nprint('quiet')",
        "!true",
    ]
    assert statuses(run(*cells)) == ["ok"] * len(cells)


def test_keras_trains_in_a_student_process() -> None:
    cell = (
        "import keras, numpy as np\n"
        "m = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "m.compile(loss='mse')\n"
        "m.fit(np.ones((8, 2)), np.ones(8), epochs=2, verbose=0).history['loss'][-1]"
    )
    (outcome,) = run(cell)
    assert outcome.status == "ok", outcome
    assert outcome.value is not None


def test_input_fails_cleanly_instead_of_waiting() -> None:
    (outcome,) = run("name = input('your name? ')")
    assert outcome.error == "EOFError"


def test_an_endless_cell_is_interrupted_and_the_next_one_runs() -> None:
    assert statuses(run("while True:\n    pass", "1", cell_seconds=1)) == ["timeout", "ok"]


def test_a_cell_that_swallows_interrupts_is_killed_and_the_rest_is_missing() -> None:
    stubborn = "import time\nwhile True:\n    try:\n        while True: time.sleep(0.01)\n    except BaseException: pass"
    deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(0.01)"
    for cell in (stubborn, deaf):
        assert statuses(run("1", cell, "2", cell_seconds=1)) == ["ok", "timeout", "missing"]


def test_a_notebook_has_a_limit_of_its_own() -> None:
    outcomes = run(*["import time; time.sleep(0.6)"] * 4, notebook_seconds=1.5)
    assert statuses(outcomes)[:2] == ["ok", "ok"]
    assert "timeout" in statuses(outcomes)[2:]


def test_too_much_memory_fails_the_cell_and_not_the_host() -> None:
    outcomes = run("import numpy as np", "x = np.ones((100_000, 100_000))", "2", memory_mb=4000)
    assert statuses(outcomes) == ["ok", "memory", "ok"]


def test_a_process_that_ends_is_a_crash_and_the_rest_is_missing() -> None:
    outcomes = run("1", "import os\nprint('so long')\nos._exit(0)", "2")
    assert statuses(outcomes) == ["ok", "crashed", "missing"]
    assert "so long" in outcomes[1].message


def test_forged_answers_on_the_pipe_are_no_outcome() -> None:
    forge = (
        "import os, struct\n"
        "for fd in range(3, 64):\n"
        "    try: os.write(fd, struct.pack('!i', 4) + b'true')\n"
        "    except OSError: pass\n"
        "os._exit(0)"
    )
    assert statuses(run(forge, "1"))[0] == "crashed"


def test_endless_output_is_thrown_away() -> None:
    assert statuses(run("print('x' * 50_000_000)", "for i in range(100_000): print(i)")) == ["ok", "ok"]


def test_nothing_a_notebook_started_or_wrote_survives_it(tmp_path: Path) -> None:
    note = tmp_path / "where"
    cell = (
        "import os, subprocess, pathlib\n"
        "p = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        f"pathlib.Path({str(note)!r}).write_text(f'{{p.pid}} {{os.getcwd()}}')\n"
        "pathlib.Path('left.txt').write_text('x')"
    )
    assert statuses(run(cell)) == ["ok"]
    pid, scratch = note.read_text().split()
    gone = not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    assert gone
    assert not Path(scratch).exists()


def test_each_run_starts_afresh_with_its_own_environment() -> None:
    cell = "import os\nfloat(os.environ['COURSEKIT_SEED'])"
    assert run("a = 1", cell, env={"COURSEKIT_SEED": "7"})[1].value == 7
    assert run("a", cell, env={"COURSEKIT_SEED": "8"})[0].error == "NameError"


@pytest.mark.parametrize("value", ["'text'", "[1]", "None", "object()"])
def test_only_plain_numbers_come_back_as_values(value: str) -> None:
    assert run(value)[0].value is None


def test_grading_works_from_a_plain_script_without_a_main_guard() -> None:
    script = (
        "from autograder.execution.limits import Limits\nfrom autograder.execution.runner import run_cells\n"
        "print(run_cells(['6 * 7'], limits=Limits(), env={})[0].value)"
    )
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "42.0"
    assert done.stderr == ""


def test_a_fork_server_that_died_is_started_again() -> None:
    run("1")
    (parent,) = [p for p in psutil.Process().children() if "autograder.worker.forkserver" in p.cmdline()]
    parent.kill()
    parent.wait()
    assert statuses(run("1", "2")) == ["ok", "ok"]


def test_what_a_killed_grader_left_is_swept_up_when_it_is_old_and_nothing_else(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, fresh, alive, other = (
        tmp_path / name
        for name in (f"autograder-{dead.pid}-a", f"autograder-{dead.pid}-b", f"autograder-{os.getpid()}-c", "mine")
    )
    for folder in (left, fresh, alive, other):
        folder.mkdir()
        (folder / "file").write_text("x")
        if folder != fresh:
            os.utime(folder, (0, 0))
    forkserver_client._sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in (fresh, alive, other))


def test_a_cell_that_only_sleeps_gets_its_time_and_not_what_others_would_have_cost_it() -> None:
    (outcome,) = run("import time; time.sleep(60)", cell_seconds=2)
    assert outcome.status == "timeout"
    assert outcome.seconds < 2 * 2 + 1
    assert not outcome.contended


def test_what_a_process_says_about_its_own_time_is_bounded_by_the_clock_here() -> None:
    forge = "import time\ntime.process_time = time.perf_counter = lambda: next(times)\ntimes = iter([0.0, 0.0, {}, {}] * 9)\n"
    for said in ("1e308", "float('inf')", "float('nan')", "-5.0"):
        outcomes = run(forge.format(said, said), "1", "1")
        assert statuses(outcomes) == ["ok"] * 3
        for outcome in outcomes:
            assert 0 <= outcome.cpu <= outcome.seconds * (os.cpu_count() or 1)
            assert 0 <= outcome.seconds < 60


@pytest.mark.parametrize("figures", [{"seconds": math.inf}, {"seconds": math.nan}, {"cpu": math.inf}, {"cpu": -1.0}])
def test_no_outcome_holds_a_time_that_is_none(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="durations must be finite"):
        Outcome("ok", **figures)  # type: ignore[arg-type]


LATE = [Outcome("ok"), Outcome("timeout", contended=True)]
DONE = [Outcome("ok"), Outcome("ok")]


@pytest.fixture
def endings(monkeypatch: pytest.MonkeyPatch) -> list[list[Outcome]]:
    """How runs end, one after the other, without any process."""
    endings: list[list[Outcome]] = []
    monkeypatch.setattr(runner, "run_steps", lambda steps, **_: endings.pop(0))
    return endings


def settled(how: str) -> list[Outcome]:
    return runner.run_with_retries([], limits=Limits(), environment=Environment(), contended=how)[0]  # type: ignore[arg-type]


def test_a_limit_that_was_hit_through_others_is_tried_again_and_then_believed(endings: list[list[Outcome]]) -> None:
    endings += [LATE, DONE]
    assert settled("again") == DONE
    endings += [LATE, LATE, DONE]
    assert settled("again") == LATE
    assert endings == [DONE]


def test_a_limit_that_was_hit_through_others_is_raised_or_believed_where_that_is_asked_for(
    endings: list[list[Outcome]],
) -> None:
    endings += [LATE]
    with pytest.raises(ContendedError):
        settled("raise")
    endings += [LATE, DONE]
    assert settled("believe") == LATE


def test_values_are_kept_up_to_a_bound_and_those_of_other_tests_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MAX_KEPT", 20_000)
    kept: runner.Kept = {}
    steps = [
        Step("import numpy as np\nsmall, large, other = [1, 2], np.zeros(100_000), 'x'"),
        Step("assert small == [1, 2]", "test", names=("small",)),
        Step("assert len(large) == 100_000", "test", names=("large",)),
        Step("assert other == 'x'", "test", names=("other",)),
    ]
    outcomes = run_steps(steps, limits=Limits(), environment=Environment(), kept=kept)
    assert statuses(outcomes) == ["ok"] * 4
    assert set(kept) == {1, 3}
    again = runner.Reexaminer(Limits(), Environment())
    try:
        wrong = again.test([], Step("assert small == [3]", "test", names=("small",)), kept[1])
        assert wrong is not None
        assert wrong.error == "AssertionError"
        assert again.test([], Step("other", "test", names=("small", "other")), kept[1]) is None
    finally:
        again.close()


def test_memory_that_runs_out_takes_students_first_and_never_the_grader() -> None:
    readiness = "float(open('/proc/self/oom_score_adj').read())"
    children = "import subprocess, sys\nfloat(subprocess.run([sys.executable, '-c', 'print(open(\"/proc/self/oom_score_adj\").read())'],"
    own, inherited = run(readiness, children + " capture_output=True).stdout)")
    assert (own.value, inherited.value) == (1000, 1000)
    assert int(Path("/proc/self/oom_score_adj").read_text()) < 500
    servers = [p for p in psutil.Process().children() if "autograder.worker.forkserver" in p.cmdline()]
    assert servers
    assert all(int(Path(f"/proc/{server.pid}/oom_score_adj").read_text()) < 500 for server in servers)
