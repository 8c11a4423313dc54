"""course.toml is read as it is meant, and every mistake in it is named."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from autograder.course.config import CourseLab, LateRule, find_course, load_course
from autograder.errors import CourseError

FULL = """
name = "Neural networks"
lms = "canvas"
labs_folder = "../labs"
roster = "class.csv"
gradebook = "sqlite:///marks.db"

[late]
percent_per_day = 10
grace_minutes = 15.5
max_percent = 50

[labs.lab02_mlp]
due = 2026-11-20T23:59:00+01:00

[labs.lab01_perceptron]
"""


def course(folder: Path, text: str) -> Path:
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return folder


def test_every_setting_is_read(tmp_path: Path) -> None:
    loaded = load_course(course(tmp_path, FULL))
    due = datetime(2026, 11, 20, 22, 59, tzinfo=timezone.utc)
    assert (loaded.folder, loaded.name, loaded.lms) == (tmp_path, "Neural networks", "canvas")
    assert loaded.labs_folder.resolve() == tmp_path.parent / "labs"
    assert loaded.roster_file == tmp_path / "class.csv"
    assert loaded.gradebook == f"sqlite:///{tmp_path}/marks.db"
    assert loaded.late == LateRule(10.0, 15.5, 50.0)
    assert loaded.labs == {"lab02_mlp": CourseLab("lab02_mlp", due), "lab01_perceptron": CourseLab("lab01_perceptron")}
    assert list(loaded.labs) == ["lab02_mlp", "lab01_perceptron"]


def test_an_empty_file_is_a_course_without_labs_in_which_nothing_is_late(tmp_path: Path) -> None:
    loaded = load_course(course(tmp_path, ""))
    assert (loaded.name, dict(loaded.labs), loaded.late) == (tmp_path.name, {}, LateRule(0.0, 0.0, 100.0))
    assert (loaded.lms, loaded.gradebook, loaded.roster_file) == ("", "", tmp_path / "roster.csv")


def test_paths_of_a_course_lie_in_its_folder(tmp_path: Path) -> None:
    loaded = load_course(course(tmp_path, ""))
    assert loaded.submitted() == tmp_path / "submitted"
    assert loaded.graded("lab02_mlp") == tmp_path / "graded" / "lab02_mlp"
    assert loaded.feedback() == tmp_path / "feedback"
    assert loaded.collected_file("lab02_mlp") == tmp_path / "collected" / "lab02_mlp.json"


def test_a_byte_order_mark_of_an_editor_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_bytes("\ufeffname = 'A'".encode())
    assert load_course(tmp_path).name == "A"


def test_a_date_without_zone_is_in_the_zone_of_the_course_also_over_a_change_of_clocks(tmp_path: Path) -> None:
    text = 'timezone = "Europe/Berlin"\n[labs.a]\ndue = 2026-07-01T12:00:00\n[labs.b]\ndue = 2026-12-01T12:00:00\n'
    labs = load_course(course(tmp_path, text)).labs
    offsets = [lab.due.utcoffset() for lab in labs.values() if lab.due]
    assert offsets == [timedelta(hours=2), timedelta(hours=1)]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("postgresql://me@host/course", "postgresql://me@host/course"),
        ("sqlite:////srv/marks.db", "sqlite:////srv/marks.db"),
        ("sqlite:///data/marks.db", "sqlite:///{folder}/data/marks.db"),
    ],
)
def test_only_a_relative_sqlite_file_is_placed_in_the_folder(tmp_path: Path, url: str, kept: str) -> None:
    loaded = load_course(course(tmp_path, f'gradebook = "{url}"'))
    assert loaded.gradebook == kept.format(folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmae = 'x'", "'nmae' is not known here; expected one of name, lms"),
        ("name = 3", "'name': expected a text in quotes, on one line, not 3"),
        ("name = 'a", "not TOML"),
        ("lms = 'canvass'", "'lms': expected"),
        ("labs = ['lab01']", "'labs': expected a section [labs]"),
        ("[labs]\nlab01 = 2026-11-20", "'lab01' in [labs]: expected a section [lab01], not 2026-11-20"),
        ("[labs.lab01]\ndeu = 1", "'deu' in [labs.lab01] is not known here; expected one of due"),
        ("[labs.lab01]\ndue = '2026-11-20'", "'due' in [labs.lab01]: expected a date with a time, without quotes"),
        ("[labs.lab01]\ndue = 2026-11-20", "expected a date with a time of day, such as `due = 2026-11-20T23:59:00+01:00`"),
        ("[labs.lab01]\ndue = 2026-11-20T23:59:00", "expected a date with its time zone"),
        ("[labs.lab01]\ndue = 2026-13-20T23:59:00Z", "not TOML"),
        ('[labs."../x"]', "[labs.../x]: expected the id of a lab"),
        ("[late]\npercent_per_day = '10 %'", "'percent_per_day' in [late]: expected a number from 0 to 100, not '10 %'"),
        ("[late]\npercent_per_day = true", "expected a number from 0 to 100, not True"),
        ("[late]\nmax_percent = 120", "expected a number from 0 to 100, not 120"),
        ("[late]\ngrace_minutes = -5", "expected a number of 0 or more, not -5"),
        ("[late]\ngrace_minutes = nan", "expected a number of 0 or more, not nan"),
        ("[late]\nper_day = 1", "'per_day' in [late] is not known here; expected one of percent_per_day"),
        ("timezone = 'Mars/Olympus'", "'timezone': expected a name such as"),
        ("gradebook = 'marks.db'", "'gradebook': expected a database URL"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CourseError) as caught:
        load_course(course(tmp_path, text))
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "course.toml"))


def test_a_file_that_is_not_utf_8_or_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="autograder init"):
        load_course(tmp_path / "none")
    (tmp_path / "course.toml").write_bytes("name = 'Zoë'".encode("latin-1"))
    with pytest.raises(CourseError, match="save it as UTF-8"):
        load_course(tmp_path)


def test_the_course_is_found_from_a_folder_inside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = course(tmp_path, "") / "graded" / "lab01"
    inner.mkdir(parents=True)
    assert find_course(inner).folder == tmp_path
    monkeypatch.chdir(inner)
    assert find_course().folder == tmp_path


def test_no_course_anywhere_above_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"no course\.toml here or in a folder above.*--course.*autograder init DIR"):
        find_course(tmp_path)
