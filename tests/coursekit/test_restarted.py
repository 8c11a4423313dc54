"""A cell that runs in a new kernel before those that it needs leads to them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyter_client.manager import start_new_kernel

from coursekit import _front_end, _restarted, course
from coursekit._record import Record

from . import tinylab
from .test_check_cards import Events


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The texts of the cards that a person sees in a new kernel of a notebook."""
    path = tmp_path / "tiny.ipynb"
    path.write_text(json.dumps(tinylab.notebook()), encoding="utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    request = {"header": {"msg_id": "3f2504e0"}, "content": {"allow_stdin": True}}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda _: request), events=Events(), user_ns={})
    texts: list[str] = []
    monkeypatch.setattr(_front_end, "shell", lambda: shell)
    monkeypatch.setattr("IPython.display.display", lambda data, *, raw: texts.append(data["text/plain"]))
    return texts


def ended(source: str, error: Exception | None) -> SimpleNamespace:
    return SimpleNamespace(error_in_exec=error, info=SimpleNamespace(raw_cell=source, cell_id=""))


@pytest.mark.parametrize(
    ("name", "source", "place"),
    [
        ("check", tinylab.CHECK_MEAN, "`check` is made by the set-up cell, the first one of the notebook"),
        ("several", "print(several)", "`several` is made by the cell of “1 · Means” that begins with `several = "),
        ("mean", "mean([1])", "`mean` comes from Exercise 1 (3 points)"),
    ],
)
def test_a_name_that_the_notebook_makes_above_leads_there(shown: list[str], name: str, source: str, place: str) -> None:
    _restarted._after(ended(source, NameError("x", name=name)))
    (text,) = shown
    assert text.startswith("✗ Not yet: this kernel has just started\n")
    assert place in text
    assert "this kernel remembers nothing of them" in text


def test_nothing_is_said_of_other_errors_and_of_names_that_the_notebook_does_not_make(shown: list[str]) -> None:
    for error in (None, ValueError("x"), NameError("x", name="maen")):
        _restarted._after(ended("maen([1])", error))
    assert shown == []


def test_once_the_lab_is_set_up_its_own_cards_take_over(shown: list[str]) -> None:
    _front_end.shell()._coursekit_record = Record("tiny")
    _restarted._after(ended("print(several)", NameError("x", name="several")))
    assert shown == []


def test_where_the_notebook_is_not_known_nothing_is_said(
    shown: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "gone.ipynb"))
    _restarted._after(ended("print(several)", NameError("x", name="several")))
    assert shown == []


def test_a_kernel_of_the_course_watches_and_has_no_name_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSTARTUP", raising=False)
    told: dict[str, list[str]] = {}
    for kind, environment in (("plain", None), ("course", course.kernel_environment())):
        manager, client = start_new_kernel(kernel_name="python3", **({"env": environment} if environment else {}))
        lines: list[str] = []
        try:
            look = "import sys; print('coursekit._restarted' in sys.modules); print(sorted(n for n in dir() if n != 'sys'))"
            hook = lambda message, lines=lines: lines.append(message["content"].get("text", ""))  # noqa: E731
            client.execute_interactive(look, timeout=120, output_hook=hook)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        told[kind] = "".join(lines).splitlines()
    assert [told["plain"][0], told["course"][0]] == ["False", "True"]
    assert told["plain"][1] == told["course"][1]


def test_plain_python_runs_it_without_a_word() -> None:
    startup = course.kernel_environment()["PYTHONSTARTUP"]
    assert subprocess.run([sys.executable, startup], capture_output=True, text=True).stderr == ""


def test_the_users_own_start_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", "mine.py")
    assert course.kernel_environment()["PYTHONSTARTUP"] == "mine.py"
