"""The command line says what is here, fetches what is not, and ends with a code that scripts can use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import coursekit.diagnostics
from coursekit import data
from coursekit.cli import app
from coursekit.data.registry import course_registry
from tests.coursekit import tinysets as tiny

runner = CliRunner()


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment whose registry holds only the tiny Fashion-MNIST, on a mirror that the test may empty."""
    folder = tmp_path / "mirror"
    tiny.publish(folder / "fashion-mnist", tiny.fashion_files())
    settings = tiny.settings(tiny.dataset("fashion-mnist", tiny.fashion_files()), tmp_path / "cache", mirror=folder)
    monkeypatch.setattr(data.Settings, "from_environment", classmethod(lambda cls: settings))
    return folder


def test_the_list_tells_what_is_on_this_machine_before_and_after_fetching(mirror: Path) -> None:
    before = runner.invoke(app, ["data", "list"])
    assert "fashion-mnist" in before.output
    assert " no" in before.output
    fetched = runner.invoke(app, ["data", "fetch"])
    assert fetched.exit_code == 0
    assert "ready" in fetched.output
    assert " yes" in runner.invoke(app, ["data", "list"]).output


def test_the_list_tells_how_much_of_a_set_is_here_and_fetching_goes_on_from_there(mirror: Path, tmp_path: Path) -> None:
    files = tiny.fashion_files()
    first = next(iter(files))
    tiny.publish(tmp_path / "cache" / "fashion-mnist", {first: files[first]})
    (mirror / "fashion-mnist" / first).unlink()  # so it can only be the one that is here
    assert "1 of 4 files" in runner.invoke(app, ["data", "list"]).output
    assert runner.invoke(app, ["data", "fetch", "fashion-mnist"]).exit_code == 0
    assert " yes" in runner.invoke(app, ["data", "list"]).output


def test_ctrl_c_while_fetching_is_a_sentence_not_a_traceback(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "fetch", interrupted)
    run = runner.invoke(app, ["data", "fetch"])
    assert run.exit_code == 130
    assert "continues from here" in run.output
    assert "Traceback" not in run.output


def test_every_set_of_the_course_is_listed_with_its_licence() -> None:
    run = runner.invoke(app, ["data", "list"], env={"COLUMNS": "200"})
    for name, row in course_registry().items():
        assert name in run.output
        assert row.licence in run.output


def test_fetching_what_cannot_be_had_fails_with_the_reason(mirror: Path) -> None:
    (mirror / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    run = runner.invoke(app, ["data", "fetch", "fashion-mnist"])
    assert run.exit_code == 1
    assert "t10k-labels-idx1-ubyte.gz" in run.output


def test_fetching_an_unknown_set_fails_but_the_known_ones_are_fetched(mirror: Path) -> None:
    run = runner.invoke(app, ["data", "fetch", "nonsense", "fashion-mnist"])
    assert run.exit_code == 1
    assert "nonsense" in run.output
    assert "fashion-mnist: ready" in run.output


def test_a_wrong_environment_is_a_clear_message_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_DATA", "surreal")
    run = runner.invoke(app, ["data", "list"])
    assert run.exit_code == 2
    assert "'surreal'" in run.output


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_the_doctor_prints_its_report_and_ends_with_its_verdict(monkeypatch: pytest.MonkeyPatch, ok: bool, code: int) -> None:
    class Report(SimpleNamespace):
        def __str__(self) -> str:
            return "pulse 60"

    monkeypatch.setattr(coursekit.diagnostics, "doctor", lambda: Report(ok=ok))
    run = runner.invoke(app, ["doctor"])
    assert run.exit_code == code
    assert "pulse 60" in run.output
