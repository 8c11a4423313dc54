"""Work that did not change is not run again; a test that changed is run on the values that were kept; nothing kept is half."""

from __future__ import annotations

import errno
import os
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.authoring.demo import solve
from autograder.execution import runner
from autograder.execution.steps import Outcome
from autograder.grading import cache
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.cache import Entry, ResultCache
from autograder.grading.options import Options
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook

RIGHT = {"mean": "mean = lambda x: x.mean()", "halving": "w = 2.0 ** -STEPS"}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The roles of all processes that are started from here on."""
    roles: list[str] = []
    real = runner.Process

    def counted(role: str, *rest: object) -> object:
        roles.append(role)
        return real(role, *rest)

    monkeypatch.setattr(runner, "Process", counted)
    return roles


def with_test(lab: Lab, name: str, old: str, new: str) -> Lab:
    assert old in lab.tests[name].source
    cells = [replace(c, source=c.source.replace(old, new)) if c.role == "tests" and c.name == name else c for c in lab.cells]
    return replace(lab, cells=tuple(cells))


def marks(verdicts: list[Verdict]) -> list[dict[str, float]]:
    return [{test.name: test.earned for test in verdict.tests} for verdict in verdicts]


def graded(lab: Lab, folder: Path, keep: ResultCache, **sources: str) -> list[Verdict]:
    write_notebook(solve(lab, {**RIGHT, **sources}), folder / "class" / "eva.ipynb")
    return grade_class(lab, find_submissions(folder / "class", lab.id), keep=keep)


def test_unchanged_work_starts_no_process(toy: Lab, tmp_path: Path, started: list[str]) -> None:
    keep = ResultCache(tmp_path / "kept")
    first = graded(toy, tmp_path, keep, mean="mean = lambda x: x.sum()")
    assert sorted(started) == ["examiner", "student"]
    second = graded(toy, tmp_path, keep, mean="mean = lambda x: x.sum()")
    assert len(started) == 2
    assert [replace(v, seconds=0) for v in first] == [replace(v, seconds=0) for v in second]


def test_other_work_another_seed_or_another_lab_is_run(toy: Lab, tmp_path: Path, started: list[str]) -> None:
    keep = ResultCache(tmp_path / "kept")
    graded(toy, tmp_path, keep)
    graded(toy, tmp_path, keep, halving="w = 0.5 ** STEPS")
    assert started.count("student") == 2
    grade_class(toy, find_submissions(tmp_path / "class", toy.id), Options(seed=7), keep=keep)
    assert started.count("student") == 3
    changed = replace(toy, cells=tuple(replace(c, source=c.source.replace("w = 1.0", "w = 2.0")) for c in toy.cells))
    grade_class(changed, find_submissions(tmp_path / "class", toy.id), keep=keep)
    assert started.count("student") == 4


def test_a_changed_test_is_run_on_the_values_that_were_kept(toy: Lab, tmp_path: Path, started: list[str]) -> None:
    keep = ResultCache(tmp_path / "kept")
    assert marks(graded(toy, tmp_path, keep)) == [{"mean": 8, "mean_pure": 4, "halving": 8}]
    stricter = with_test(toy, "halving", "2.0**-STEPS", "1 + 2.0**-STEPS")
    assert marks(graded(stricter, tmp_path, keep)) == [{"mean": 8, "mean_pure": 4, "halving": 0}]
    assert started == ["student", "examiner", "examiner"]
    assert marks(graded(stricter, tmp_path, keep)) == [{"mean": 8, "mean_pure": 4, "halving": 0}]
    assert len(started) == 3


def test_a_changed_test_that_calls_a_function_needs_the_student_process(toy: Lab, tmp_path: Path, started: list[str]) -> None:
    keep = ResultCache(tmp_path / "kept")
    graded(toy, tmp_path, keep)
    stricter = with_test(toy, "mean", "np.average(x)", "1 + np.average(x)")
    assert marks(graded(stricter, tmp_path, keep)) == [{"mean": 0, "mean_pure": 4, "halving": 8}]
    assert started.count("student") == 2


@pytest.mark.parametrize(("chance", "halving"), [(Outcome("error", "Mistake", "by chance"), 0), (Outcome("timeout"), 8)])
def test_a_notebook_that_runs_again_for_one_test_keeps_what_the_others_gave_unless_they_were_stopped(
    toy: Lab, tmp_path: Path, chance: Outcome, halving: int
) -> None:
    keep = ResultCache(tmp_path / "kept")
    graded(toy, tmp_path, keep)
    (path,) = (tmp_path / "kept").glob("??/*.zip")
    entry = keep.find(path.stem)
    assert entry is not None
    last = max(entry.tests)
    keep.put(path.stem, replace(entry, outcomes=[*entry.outcomes[:last], chance, *entry.outcomes[last + 1 :]]))
    stricter = with_test(toy, "mean", "np.average(x)", "1 + np.average(x)")  # it calls a function, so the notebook runs
    assert marks(graded(stricter, tmp_path, keep)) == [{"mean": 0, "mean_pure": 4, "halving": halving}]


ENTRY = Entry([Outcome("ok", seconds=0.5, value=1.5), Outcome("error", "E", "m", 3)], {1: "abc"}, {1: b"frame" * 100})


def test_an_entry_comes_back_as_it_went_in(tmp_path: Path) -> None:
    keep = ResultCache(tmp_path)
    assert keep.find("00aa") is None
    keep.put("00aa", ENTRY)
    assert keep.find("00aa") == ENTRY
    assert keep.problem == ""


@pytest.mark.parametrize("run", ["outcomes", "alone", "together"])
def test_a_limit_that_was_hit_because_others_had_the_machine_is_not_kept(run: str, tmp_path: Path) -> None:
    late = Outcome("timeout", contended=True)
    keep = ResultCache(tmp_path)
    keep.put("00aa", replace(ENTRY, **{run: [late] if run == "outcomes" else {"mean": late}}))
    assert keep.find("00aa") is None


def test_a_damaged_entry_is_a_miss_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    keep = ResultCache(tmp_path)
    keep.put("00aa", ENTRY)
    (path,) = tmp_path.rglob("*.zip")
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):  # a byte of it changed, the rest cut off, nothing of it left
        for damaged in (whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :], whole[:place]):
            path.write_bytes(damaged)
            assert keep.find("00aa") in (None, ENTRY)
    place = whole.index(b"values/1") + len(b"values/1")
    path.write_bytes(whole[:place] + b"\xff" * 8 + whole[place + 8 :])
    assert keep.find("00aa") is None


@pytest.mark.parametrize(
    "facts", ["[]", "7", '{"values": 5}', "[" * 100_000, '{"values": [], "outcomes": [[]], "tests": {}}', "NaN"]
)
def test_an_entry_of_another_form_is_a_miss(facts: str, tmp_path: Path) -> None:
    (tmp_path / "00").mkdir()
    with zipfile.ZipFile(tmp_path / "00" / "00aa.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("facts.json", facts)
    assert ResultCache(tmp_path).find("00aa") is None


def test_an_entry_that_claims_to_be_huge_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = ResultCache(tmp_path)
    keep.put("00aa", ENTRY)
    monkeypatch.setattr("autograder.grading.cache.MAX_ENTRY", 100)
    assert keep.find("00aa") is None


def test_an_entry_that_cannot_be_kept_is_a_note_and_the_class_is_graded(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("autograder.grading.cache.write_bytes", full)
    keep = ResultCache(tmp_path / "kept")
    assert marks(graded(toy, tmp_path, keep)) == [{"mean": 8, "mean_pure": 4, "halving": 8}]
    assert keep.problem == f"{tmp_path / 'kept'}: No space left on device"


def test_only_what_was_neither_stored_nor_found_for_a_month_is_forgotten(tmp_path: Path) -> None:
    keep = ResultCache(tmp_path / "kept")
    keep.forget(days=30)  # there is no folder yet
    for key in ("aa1", "bb2", "cc3"):
        keep.put(key, Entry([Outcome("ok")], {}, {}))
    month_ago = time.time() - 31 * 24 * 3600
    for path in keep.folder.glob("*/*.zip"):
        if path.stem != "cc3":
            os.utime(path, (month_ago, month_ago))
    (keep.folder / "aa" / "note.txt").write_text("not an entry")
    os.utime(keep.folder / "aa" / "note.txt", (month_ago, month_ago))
    assert keep.find("bb2")
    keep.forget(days=30)
    assert sorted(path.name for path in keep.folder.glob("*/*")) == ["bb2.zip", "cc3.zip", "note.txt"]


def test_every_file_of_the_packages_decides_which_entries_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights.npz").write_bytes(b"one")
    monkeypatch.setattr(cache, "find_spec", lambda name: SimpleNamespace(submodule_search_locations=[str(tmp_path)]))
    before = cache.environment_facts.__wrapped__()
    (tmp_path / "module.pyc").write_bytes(b"compiled")
    assert cache.environment_facts.__wrapped__() == before
    (tmp_path / "weights.npz").write_bytes(b"two")
    assert cache.environment_facts.__wrapped__() != before
