"""The secret of a course is made once, is read by its owner alone, and decides what is drawn and recalled."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.demo import reference_sources, solve
from autograder.errors import SecretError
from autograder.grading.cache import Entry, ResultCache
from autograder.grading.cluster import Cluster
from autograder.grading.job import Job, prepare
from autograder.grading.options import Options, course_secret
from autograder.grading.prepared import prepare_lab
from autograder.grading.secret import find_secret
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.worker.draws import VARIABLE as DRAWS


def test_a_secret_is_made_at_the_first_use_and_is_the_same_from_then_on(tmp_path: Path) -> None:
    secret = find_secret(tmp_path / "out" / "kept")
    assert len(secret) == 64
    assert find_secret(tmp_path / "out" / "kept") == secret
    assert find_secret(tmp_path / "other" / "kept") != secret
    (file,) = (tmp_path / "out" / "kept").iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("secret", 0o600)


def test_graders_that_start_together_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(find_secret, [tmp_path / "kept"] * 32))) == 1


def test_the_secret_of_the_course_comes_first(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    beside = find_secret(tmp_path / "kept", tmp_path / "course")
    assert beside == find_secret(tmp_path / "kept")
    (tmp_path / "course" / ".secret").write_text("of the course\n")
    assert find_secret(tmp_path / "kept", tmp_path / "course") == "of the course"


def test_an_empty_or_unreadable_secret_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(" \n")
    with pytest.raises(SecretError, match=r"secret: expected the secret of the course, and the file is empty; delete it"):
        find_secret(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(SecretError, match="cannot be read or kept there"):
        find_secret(tmp_path / "file")


def test_without_a_secret_a_process_draws_one_and_keeps_to_it() -> None:
    assert course_secret(Options()) == course_secret(Options(seed=1))
    assert len(course_secret(Options())) == 64
    assert course_secret(Options(secret="given")) == "given"
    assert "given" not in repr(Options(secret="given"))


def test_what_is_kept_is_recalled_for_the_same_secret_only_and_does_not_hold_it(toy: Lab, tmp_path: Path) -> None:
    tests = tuple(
        replace(cell, source=f"{cell.source}\nfrom autograder import sealed") if cell.role == "tests" else cell
        for cell in toy.cells
    )
    sealing = replace(toy, cells=tests)
    path = tmp_path / "work.ipynb"
    write_notebook(solve(toy, reference_sources(toy)), path)

    def job(lab: Lab, secret: str) -> Job:
        made = prepare(prepare_lab(lab, Options(secret=secret)), path)
        assert isinstance(made, Job)
        return made

    assert job(sealing, "secret one").key == job(sealing, "secret one").key != job(sealing, "secret two").key
    assert job(toy, "secret one").key == job(toy, "secret two").key, "a lab without sealed data does not depend on it"
    assert job(toy, "secret one").environment.private == {DRAWS: "secret one"}
    assert "secret one" not in job(sealing, "secret one").key
    assert "secret one" not in repr(job(sealing, "secret one"))


def test_forgetting_what_was_kept_leaves_the_secret(tmp_path: Path) -> None:
    secret, keep = find_secret(tmp_path), ResultCache(tmp_path)
    keep.put("ab12", Entry([], {}, {}))
    assert keep.find("ab12") is not None
    keep.clear()
    assert keep.find("ab12") is None
    assert find_secret(tmp_path) == secret


def test_a_cluster_gets_the_secret_of_who_asks(toy: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    seen: list[Options] = []
    monkeypatch.setattr("distributed.Client", lambda *args, **more: None)
    monkeypatch.setattr(Cluster, "_check_workers", lambda self, address: seen.append(self._options))
    monkeypatch.setattr(Cluster, "close", lambda self: None)
    with pytest.raises(AttributeError):  # there is no client to hand the lab to
        Cluster("tcp://nowhere", toy, Options())
    assert seen[0].secret == course_secret(Options())
