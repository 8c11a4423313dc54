"""Whether results can be written is known before the work, and one that cannot be made takes no other along."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from autograder import files
from autograder.errors import ResultsError
from autograder.grading.verdict import Verdict
from autograder.reporting import results
from autograder.reporting.results import check_writable, write_results

CLASS = [Verdict("ada", "lab00_toy", "unreadable", message="ada.ipynb: not a notebook")]


def no_room(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_trying_whether_a_folder_can_be_written_leaves_everything_as_it_was(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_and_a_folder_in_place_of_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        with pytest.raises(ResultsError, match=r"results cannot be written there \(.+\); give another folder"):
            check_writable(folder)
    (tmp_path / "out" / "grades.csv").mkdir(parents=True)
    with pytest.raises(ResultsError, match=r"grades\.csv: there is a folder with the name of this file"):
        check_writable(tmp_path / "out")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_is_found_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.tempfile, "TemporaryFile", no_room)
    with pytest.raises(ResultsError, match="No space left on device"):
        check_writable(tmp_path)


def test_a_file_that_cannot_be_made_is_named_and_the_others_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_: object, **__: object) -> str:
        raise ZeroDivisionError("an odd verdict")

    monkeypatch.setattr(results, "report_html", odd)
    unwritten = write_results(CLASS, (), tmp_path)
    assert unwritten == {"report.html": "the grader itself failed on it (ZeroDivisionError: an odd verdict)"}
    assert json.loads((tmp_path / "verdicts.json").read_text())["verdicts"][0]["submission"] == "ada"
    assert "ada" in (tmp_path / "grades.csv").read_text()


def test_a_disk_that_became_full_is_said_for_each_file_and_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.os, "replace", no_room)
    assert set(write_results(CLASS, (), tmp_path).values()) == {"No space left on device"}
    assert list(tmp_path.iterdir()) == []


def test_half_a_character_is_written_as_an_escape(tmp_path: Path) -> None:
    files.write_text(tmp_path / "x.json", json.dumps({"name": "\ud800"}, ensure_ascii=False))
    assert json.loads((tmp_path / "x.json").read_text()) == {"name": "\ud800"}
