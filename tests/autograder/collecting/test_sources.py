"""Downloads of each platform, with the traps that are known of it."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from autograder.collecting.report import CollectReport
from autograder.collecting.sources import KINDS
from autograder.course.config import LMS
from autograder.errors import CollectError
from tests.autograder.collecting.conftest import Class, MakeClass, notebook


def lines(report: CollectReport, kind: str) -> dict[str, str]:
    return {line.who: line.said for line in report.lines if line.kind == kind}


def test_every_platform_that_a_course_may_name_has_a_reader() -> None:
    assert set(LMS) - {""} <= set(KINDS)


# ── Canvas ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_canvas_names_give_user_attachment_and_lateness(nn: Class) -> None:
    download = nn.zip(
        {
            "doejane_4711_90210_my_12_34_lab (1).ipynb": notebook("jane"),
            "oneilsmithzoë_LATE_4712_90211_Copy of lab-2.ipynb": notebook("zoe"),
            "__MACOSX/._doejane_4711_90210_x.ipynb": b"junk",
        }
    )
    report = nn.collect(download)
    assert report.complete
    assert report.kinds == {str(download): "canvas"}
    assert (nn.mark("S1"), nn.mark("S2")) == ("jane", "zoe")
    jane, zoe = nn.record("S1"), nn.record("S2")
    assert jane.lms["user"] == "4711"
    assert jane.lms["attachment"] == "90210"
    assert jane.entry == "doejane_4711_90210_my_12_34_lab (1).ipynb"
    assert (jane.late, zoe.late) == (False, True)
    assert lines(report, "late") == {"S2": "as the platform says, without a time"}
    assert (report.counts["late"], [line.name for line in report.lines]) == (1, ["Zoë O'Neil-Smith"])


def test_canvas_without_ids_in_the_roster_goes_by_the_name_without_its_marks(make_class: MakeClass) -> None:
    nn = make_class("id,first_name,last_name\nS1,Zoë,O'Neil-Smith\nS2,小明,李\n")
    nn.collect(nn.zip({"oneilsmithzoë_7_1_a.ipynb": notebook("zoe"), "李小明_8_2_a.ipynb": notebook("li")}))
    assert (nn.mark("S1"), nn.mark("S2")) == ("zoe", "li")


def test_a_name_that_fits_a_student_with_another_id_is_refused(nn: Class) -> None:
    report = nn.collect(nn.zip({"doejane_99_1_a.ipynb": notebook()}))
    assert "has another canvas_id: S1 (Jane Doe)" in lines(report, "unmatched")["user 99 (doejane)"]
    assert nn.students() == set()


def test_of_two_uploads_to_canvas_the_higher_attachment_counts_whatever_its_name(nn: Class) -> None:
    report = nn.collect(
        nn.zip({"doejane_4711_90_lab-1.ipynb": notebook("second"), "doejane_4711_89_lab-2.ipynb": notebook("first")})
    )
    assert nn.mark("S1") == "second"
    assert report.counts["twice"] == 1
    assert report.complete


def test_helper_files_come_along_and_lose_the_number_of_a_second_upload_if_the_notebook_names_the_file(nn: Class) -> None:
    nn.collect(
        nn.zip(
            {
                "doejane_4711_1_lab.ipynb": notebook("open('data.csv')"),
                "doejane_4711_2_data-1.csv": "1",
                "doejane_4711_3_v-2.py": "2",
            }
        )
    )
    assert nn.files("S1") == {"toylab.ipynb", "data.csv", "v-2.py"}


def test_a_typed_text_is_no_notebook(nn: Class) -> None:
    report = nn.collect(nn.zip({"doejane_4711_text.html": "<p>here</p>", "oneilsmithzoë_4712_5_lab.ipynb": notebook()}))
    assert "typed into the platform" in lines(report, "no notebook")["S1"]
    assert nn.students() == {"S2"}
    assert not report.complete


def test_anonymous_canvas_is_completed_in_the_mapping(nn: Class) -> None:
    download = nn.zip({"anon_AbC12_90210_lab.ipynb": notebook("a"), "LATE_anon_XyZ34_90211_lab.ipynb": notebook("b")})
    assert nn.collect(download).counts["unmatched"] == 2
    path = nn.course.folder / "mapping.csv"
    path.write_text(
        path.read_text("utf-8-sig").replace("anon XyZ34,,", "anon XyZ34,S2,").replace("anon AbC12,,", "anon AbC12,-,")
    )
    assert nn.collect(download).complete
    assert nn.students() == {"S2"}
    assert nn.mark("S2") == "b"
    assert nn.record("S2").lms["anon"] == "XyZ34"
    assert nn.record("S2").late is True


# ── Moodle ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Jane Doe_123_assignsubmission_file/lab.ipynb", "moodle"),
        ("Jane Doe_123_assignsubmission_file_/lab.ipynb", "moodle"),
        ("Jane Doe_123_assignsubmission_file_lab.ipynb", "moodle-flat"),
        ("Doe Jane_123_assignsubmission_file/sub/lab.ipynb", "moodle"),
    ],
)
def test_moodle_folders_of_both_ages_and_flat_files(nn: Class, name: str, kind: str) -> None:
    assert nn.collect(
        nn.zip({name: notebook("jane"), f"{name.split('_')[0]}_123_assignsubmission_onlinetext/onlinetext.html": "x"})
    ).complete
    assert nn.mark("S1") == "jane"
    assert nn.record("S1").source == kind
    assert nn.record("S1").lms["participant"] == "123"


def test_two_students_of_one_name_are_refused_into_the_mapping_and_taken_from_it(nn: Class) -> None:
    download = nn.zip({f"Kim Lee_{n}_assignsubmission_file/lab.ipynb": notebook(str(n)) for n in (55, 56)})
    report = nn.collect(download)
    assert set(lines(report, "unmatched")) == {"Kim Lee, participant 55", "Kim Lee, participant 56"}
    assert "S3 (Kim Lee), S4 (Kim Lee)" in lines(report, "unmatched")["Kim Lee, participant 55"]
    assert nn.students() == set()
    assert report.added == 2
    assert nn.collect(download).added == 0
    path = nn.course.folder / "mapping.csv"
    text = (
        path.read_text("utf-8-sig")
        .replace('participant 55",', 'participant 55",S4')
        .replace('participant 56",', 'participant 56",S3')
    )
    path.write_text(text.replace(",", ";") if ";" in text else text)
    assert nn.collect(download).complete
    assert (nn.mark("S4"), nn.mark("S3")) == ("55", "56")


def test_blind_marking_of_moodle_names_nobody(nn: Class) -> None:
    report = nn.collect(nn.zip({"Participant_9_assignsubmission_file/lab.ipynb": notebook()}))
    assert set(lines(report, "unmatched")) == {"participant 9"}


def test_two_people_who_fit_one_student_are_both_refused(nn: Class) -> None:
    report = nn.collect(nn.zip({f"Jane Doe_{n}_assignsubmission_file/lab.ipynb": notebook() for n in (1, 2)}))
    assert report.counts["unmatched"] == 2
    assert nn.students() == set()


@pytest.mark.parametrize("name", ["דנה כהן", "Ana 🎉", "A" * 300, 'Anna "Ann", =1+1', "José"])
def test_names_of_every_kind_find_their_student(make_class: MakeClass, name: str) -> None:
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows([("id", "first_name"), ("S1", name)])
    nn = make_class(out.getvalue())
    assert nn.collect(nn.zip({f"{name}_3_assignsubmission_file/lab.ipynb": notebook("x")})).complete
    assert nn.mark("S1") == "x"


# ── Gradescope, Blackboard ───────────────────────────────────────────────────────────────────────────────────────────


def test_gradescope_gives_a_submission_to_each_submitter_with_its_time(nn: Class) -> None:
    metadata = """submission_555:
  :submitters:
  - :name: Jane Doe
    :sid: S1
    :email: jane@x.edu
  - :name: Somebody
    :sid:
    :email: ZOE@x.edu
  :created_at: 2026-11-20 18:01:02.000000000 Z
  :score: 17.5
  :history:
  - {:id: 540, :created_at: 2026-11-19 18:01:02.000000000 Z, :score: 12.0}
"""
    base = "assignment_1_export"
    report = nn.collect(
        nn.zip({f"{base}/submission_555/a.ipynb": notebook("both"), f"{base}/submission_metadata.yml": metadata})
    )
    assert report.complete
    assert nn.mark("S1") == nn.mark("S2") == "both"
    record = nn.record("S2")
    assert record.submitted == datetime(2026, 11, 20, 18, 1, 2, tzinfo=timezone.utc)
    assert record.attempt == 2
    stamp = nn.course.submitted() / "S1" / "toylab" / "timestamp.txt"
    assert stamp.read_text() == "2026-11-20 18:01:02.000000 UTC\n"


def test_the_newest_attempt_of_blackboard_counts_and_a_login_may_hold_an_underline(nn: Class) -> None:
    early, late = "Lab_1_zoe_s_attempt_2026-11-19-10-00-00", "Lab_1_zoe_s_attempt_2026-11-20-10-00-00"
    files: dict[str, bytes | str] = {
        f"{early}_x.ipynb": notebook("old"),
        f"{late}_x.ipynb": notebook("new"),
        f"{early}.txt": "a",
        f"{late}.txt": "b",
    }
    files |= {"Lab_1_jdoe_attempt_2026-11-20-11-00-00_x.ipynb": notebook("jane")}
    report = nn.collect(nn.zip(files))
    assert report.complete
    assert report.counts["twice"] == 1
    assert (nn.mark("S2"), nn.mark("S1")) == ("new", "jane")


# ── git, the exchange, Drive, folders, patterns ──────────────────────────────────────────────────────────────────────


def clone(folder: Path, mark: str) -> None:
    folder.mkdir(parents=True)
    (folder / "lab.ipynb").write_bytes(notebook(mark))
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}
    environment = {**os.environ, **who, "GIT_COMMITTER_DATE": "2026-11-20T18:01:02+01:00"}
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder, env=environment, check=True, capture_output=True)


def test_clones_are_matched_by_the_login_at_their_end_and_dated_by_git(nn: Class) -> None:
    clones = nn.downloads / "clones"
    clone(clones / "nn-2026-lab-jane-doe", "jane")
    clone(clones / "nn-2026-lab-zoe", "zoe")
    clone(clones / "nn-2026-lab-mary-kim1", "not kim1")
    report = nn.collect(clones)
    assert nn.students() == {"S1", "S2"}
    assert nn.mark("S1") == "jane"
    assert "but not after 'nn-2026-lab-'" in lines(report, "unmatched")["nn-2026-lab-mary-kim1"]
    assert nn.record("S1").submitted == datetime(2026, 11, 20, 18, 1, 2, tzinfo=timezone(timedelta(hours=1)))
    assert not any(".git" in name for name in nn.files("S1"))


def test_a_repository_around_the_class_is_nobodys(nn: Class) -> None:
    (nn.downloads / ".git").mkdir(parents=True)
    (nn.downloads / "S1").mkdir()
    (nn.downloads / "S1" / "lab.ipynb").write_bytes(notebook("jane"))
    assert nn.collect(nn.downloads).kinds == {str(nn.downloads): "folders"}
    assert nn.mark("S1") == "jane"


def test_files_of_coursekit_submit_are_those_of_the_id_in_their_names(nn: Class) -> None:
    files = {
        "toylab-S1-20261120T101500": "old",
        "toylab-S1-20261121T090000 (1)": "new",
        "toylab-jane-doe-x-20261120T101500": "?",
    }
    report = nn.collect(
        nn.zip({**{f"{name}.ipynb": notebook(mark) for name, mark in files.items()}, "S2.ipynb": notebook("plain")})
    )
    assert (nn.mark("S1"), nn.mark("S2"), report.counts["unmatched"]) == ("new", "plain", 1)
    assert nn.record("S1").submitted is None  # the time is that of the student's computer


def test_a_lab_with_a_dash_leaves_the_id_at_the_end(nn: Class) -> None:
    nn.collect(nn.zip({"toy-lab-S3-20261120T101500.ipynb": notebook("a"), "toy-lab-S4-20261120T101500.ipynb": notebook("b")}))
    assert (nn.mark("S3"), nn.mark("S4")) == ("a", "b")


def test_the_folders_of_github_classroom_are_their_users(nn: Class) -> None:
    nn.collect(nn.zip({f"lab-submissions/lab-{user}/lab.ipynb": notebook(user) for user in ("jane-doe", "zoe")}))
    assert (nn.mark("S1"), nn.mark("S2")) == ("jane-doe", "zoe")


def test_the_latest_folder_of_the_exchange_counts(nn: Class) -> None:
    inbound = nn.downloads / "inbound"
    for day, mark in ((19, "old"), (21, "new"), (20, "middle")):
        folder = inbound / f"jdoe+lab+2026-11-{day} 10:30:00.000000 UTC+a_b-{day}"
        folder.mkdir(parents=True)
        (folder / "lab.ipynb").write_bytes(notebook(mark))
        (folder / "submission_secret.txt").write_text("s")
    assert nn.collect(inbound).complete
    assert nn.mark("S1") == "new"
    assert nn.files("S1") == {"toylab.ipynb", "timestamp.txt"}


def test_drive_in_two_parts_goes_by_the_text_before_the_dash(nn: Class) -> None:
    first = nn.zip({"Lab/Jane Doe - Lab 2.ipynb": notebook("jane"), "Lab/Copy of lab02.ipynb": notebook()}, "d-001.zip")
    report = nn.collect(first, nn.zip({"Lab/ZOË  O'Neil-Smith - Lab 2 (1).ipynb": notebook("zoe")}, "d-002.zip"), kind="drive")
    assert (nn.mark("S1"), nn.mark("S2")) == ("jane", "zoe")
    assert set(lines(report, "unmatched")) == {"Copy of lab02.ipynb"}


def test_a_folder_per_student_may_be_named_by_id_address_or_name_and_be_zipped(nn: Class) -> None:
    inner = nn.zip({"lab.ipynb": notebook("zoe"), "h.py": "1"}, "inner.zip").read_bytes()
    report = nn.collect(
        nn.zip({"all/S1/lab.ipynb": notebook("jane"), "all/zoe@x.edu/work.zip": inner, "all/klee2/a.ipynb": notebook("kim")})
    )
    assert report.complete
    assert (nn.mark("S1"), nn.mark("S2"), nn.mark("S4")) == ("jane", "zoe", "kim")
    assert nn.files("S2") == {"toylab.ipynb", "h.py"}


def test_a_pattern_names_its_groups(nn: Class) -> None:
    pattern = r"(?P<timestamp>\d{14})-(?P<student_id>\w+)-(?P<file_id>.*)"
    nn.collect(nn.zip({"20261120180102-S1-x.ipynb": notebook("jane")}), pattern=pattern)
    assert nn.record("S1").submitted == datetime(2026, 11, 20, 18, 1, 2, tzinfo=timezone.utc)


@pytest.mark.parametrize("pattern", ["(", "(?P<x>.)", "abc"])
def test_a_pattern_that_cannot_say_who_is_refused(nn: Class, pattern: str) -> None:
    with pytest.raises(CollectError, match="--pattern: "):
        nn.collect(nn.zip({"a.ipynb": notebook()}), pattern=pattern)


def test_a_kind_that_no_name_fits_is_refused_with_the_names(nn: Class) -> None:
    with pytest.raises(CollectError, match=r"no file fits the names of canvas \(there are: a.ipynb\)"):
        nn.collect(nn.zip({"a.ipynb": notebook()}), kind="canvas")
