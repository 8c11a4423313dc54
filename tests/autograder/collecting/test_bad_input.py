"""Damaged and hostile downloads, odd notebooks, and courses that cannot be written: the rest is collected, and a sentence says it."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path

import pytest

from autograder.collecting import archives, write
from autograder.collecting.collect import collect_downloads
from autograder.collecting.report import CollectReport
from autograder.errors import CollectError, CourseError
from tests.autograder.collecting.conftest import Class, MakeClass, add_link, make_zip, notebook

GOOD = {"doejane_4711_1_lab.ipynb": notebook("jane")}


def said(report: CollectReport, kind: str) -> dict[str, str]:
    return {line.who: line.said for line in report.lines if line.kind == kind}


# ── archives ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["/etc/x.ipynb", "../x.ipynb", "a/../../x.ipynb", "..\\x.ipynb", "C:\\x.ipynb"])
def test_a_path_out_of_the_folder_is_left_and_the_rest_collected(nn: Class, name: str) -> None:
    before = {path for path in nn.course.folder.parent.rglob("*") if "downloads" not in path.parts}
    report = nn.collect(nn.zip({**GOOD, name: b"{}"}), kind="canvas")
    assert "leads out of the folder" in said(report, "not taken")[name.replace("\\", "/")]
    assert nn.mark("S1") == "jane"
    assert not set(nn.course.folder.parent.rglob("x.ipynb")) - before


def test_links_are_left(nn: Class) -> None:
    path = nn.zip(GOOD)
    add_link(path, "oneilsmithzoë_4712_2_lab.ipynb", "/etc/passwd")
    assert said(nn.collect(path), "not taken") == {"oneilsmithzoë_4712_2_lab.ipynb": "a link, not a file"}
    folder = nn.downloads / "S2"
    folder.mkdir()
    (folder / "lab.ipynb").symlink_to("/etc/passwd")
    report = nn.collect(nn.downloads, kind="folders")
    assert "S2/lab.ipynb" in said(report, "not taken")


def test_an_encrypted_entry_is_named(nn: Class) -> None:
    path = nn.zip({"doejane_4711_1_a.ipynb": notebook("jane"), "oneilsmithzoë_4712_2_lab.ipynb": notebook("zoe")})
    data = bytearray(path.read_bytes())
    last = data.rindex(b"PK\x01\x02")
    data[last + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in said(nn.collect(path), "not taken")["oneilsmithzoë_4712_2_lab.ipynb"]
    assert nn.students() == {"S1"}


def test_a_bomb_is_left_before_it_is_unpacked(nn: Class) -> None:
    report = nn.collect(nn.zip({**GOOD, "oneilsmithzoë_4712_2_lab.ipynb": bytes(5 * 2**20)}))
    assert "no notebook shrinks so much" in said(report, "not taken")["oneilsmithzoë_4712_2_lab.ipynb"]


def test_an_entry_that_lies_about_its_size_is_stopped(nn: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE", 2**20)
    path = nn.zip({**GOOD, "oneilsmithzoë_4712_2_lab.ipynb": os.urandom(2**21)})
    assert "at most 1 MB are read" in said(nn.collect(path), "not taken")["oneilsmithzoë_4712_2_lab.ipynb"]


def test_too_many_entries_are_refused(nn: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 1)
    with pytest.raises(CollectError, match="2 entries, at most 1 are read"):
        nn.collect(nn.zip({**GOOD, "b.ipynb": b""}))


@pytest.mark.parametrize("content", [b"", b"<html>log in</html>", None])
def test_a_download_that_is_not_whole_is_refused(nn: Class, content: bytes | None) -> None:
    path = nn.zip({**GOOD, "oneilsmithzoë_4712_2_lab.ipynb": os.urandom(9000)})
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    with pytest.raises(CollectError, match="download it again"):
        nn.collect(path)
    assert nn.students() == set()


@pytest.mark.parametrize(
    ("name", "problem"), [("grades.csv", "a table, not a zip"), ("lab.ipynb", "one notebook; expected a zip, or a folder")]
)
def test_a_file_of_another_kind_is_told_from_a_broken_download(nn: Class, name: str, problem: str) -> None:
    path = nn.downloads / name
    path.parent.mkdir()
    path.write_text("Student,ID")
    with pytest.raises(CollectError, match=problem):
        nn.collect(path)


def test_a_folder_without_files_is_named(nn: Class) -> None:
    folder = nn.downloads / "nothing"
    folder.mkdir(parents=True)
    with pytest.raises(CollectError, match="there are no files in it"):
        nn.collect(folder)


def test_where_nobody_is_on_the_roster_another_course_is_suspected(nn: Class) -> None:
    report = nn.collect(nn.zip({"petrovivan_99_1_lab.ipynb": notebook("ivan")}))
    assert "of another course?" in said(report, "nobody matched")["roster.csv"]
    assert not said(nn.collect(nn.zip({**GOOD, "petrovivan_99_1_lab.ipynb": notebook("ivan")})), "nobody matched")


def test_a_damaged_entry_costs_nobody_else_anything(nn: Class) -> None:
    path = nn.zip({**GOOD, "oneilsmithzoë_4712_2_lab.ipynb": notebook("zoe")})
    data = bytearray(path.read_bytes())
    start = data.index(b"4712_2_lab.ipynb") + 200
    data[start : start + 40] = bytes(40)
    path.write_bytes(data)
    report = nn.collect(path)
    assert "damaged" in said(report, "not taken")["oneilsmithzoë_4712_2_lab.ipynb"]
    assert nn.students() == {"S1"}


def test_a_zip_in_a_zip_is_opened_once_and_what_is_wrong_in_it_is_named(nn: Class) -> None:
    deepest = make_zip(nn.downloads / "c.zip", {"lab.ipynb": notebook()}).read_bytes()
    inner = make_zip(nn.downloads / "b.zip", {"w/lab.ipynb": notebook("zoe"), "w/d.csv": "1", "../x": "1"}).read_bytes()
    deep = make_zip(nn.downloads / "e.zip", {"deep.zip": deepest}).read_bytes()
    report = nn.collect(
        nn.zip({**GOOD, "oneilsmithzoë_4712_2_w.zip": inner, "leekim_4713_3_e.zip": deep, "leekim_4714_4_t.zip": b"PK"})
    )
    assert nn.mark("S2") == "zoe"
    assert nn.files("S2") == {"toylab.ipynb", "d.csv"}
    assert nn.record("S2").entry == "oneilsmithzoë_4712_2_w.zip » w/lab.ipynb"
    assert "oneilsmithzoë_4712_2_w.zip » ../x" in said(report, "not taken")
    assert "a damaged zip" in said(report, "not taken")["leekim_4714_4_t.zip"]
    assert "deep.zip" in said(report, "no notebook")["S3"]


def test_files_of_systems_are_skipped_in_silence(nn: Class) -> None:
    odd = (
        "__MACOSX/._a.ipynb",
        ".DS_Store",
        "Thumbs.db",
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        "._doejane_4711_1_lab.ipynb",
    )
    report = nn.collect(nn.zip({**GOOD, **dict.fromkeys(odd, b"junk")}))
    assert report.complete
    assert report.counts["found"] == 1


def test_helpers_whose_names_clash_on_some_systems_do_not_replace_one_another(nn: Class) -> None:
    base = "Jane Doe_1_assignsubmission_file"
    names = ("Data.csv", "data.csv", "x" * 256, "timestamp.txt", ".hidden")
    report = nn.collect(nn.zip({f"{base}/lab.ipynb": notebook(), **{f"{base}/{name}": name for name in names}}))
    assert nn.files("S1") == {"toylab.ipynb", "Data.csv"}
    notes = [line.said for line in report.lines if line.kind == "files"]
    assert len(notes) == 2
    assert any("same name on some systems" in note for note in notes)


def test_entries_that_differ_in_capital_letters_only_are_both_read_and_none_replaces_the_other(nn: Class) -> None:
    base = "Jane Doe_1_assignsubmission_file"
    report = nn.collect(nn.zip({f"{base}/Lab.ipynb": notebook("one"), f"{base}/lab.ipynb": notebook("two")}))
    assert report.counts["twice"] == 1
    assert nn.mark("S1") in ("one", "two")
    assert nn.files("S1") == {"toylab.ipynb"}
    again = nn.collect(nn.zip({"S2/a.ipynb": notebook("big"), "s2/a.ipynb": notebook("small")}), kind="folders")
    assert set(said(again, "unmatched")) == {"S2", "s2"}
    assert nn.students() == {"S1"}


def test_names_that_forgot_to_say_utf_8_are_read_as_utf_8(nn: Class) -> None:
    path = nn.zip({"oneilsmithzoXX_4712_2_lab.ipynb": notebook("zoe")})
    path.write_bytes(path.read_bytes().replace(b"zoXX", "zoë".encode() + b"_"[:0] if len("zoë".encode()) == 4 else b"zoXX"))
    assert zipfile.ZipFile(path).namelist() != ["oneilsmithzoë_4712_2_lab.ipynb"]
    nn.collect(path)
    assert nn.record("S2").entry == "oneilsmithzoë_4712_2_lab.ipynb"


# ── notebooks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lab_is_known_by_its_content_and_what_it_lost_is_said(nn: Class) -> None:
    report = nn.collect(
        nn.zip(
            {
                "doejane_4711_1_lab05.ipynb": notebook("jane", lab=None),
                "oneilsmithzoë_4712_2_toylab.ipynb": notebook("zoe", lab="lab05_transfer"),
                "leekim_4713_3_x.ipynb": notebook("kim", lab=None, ids=False),
                "leekim_4714_4_toylab.ipynb": b'{"cells": [',
            }
        )
    )
    assert nn.students() == {"S1", "S3"}
    assert "does not name its lab" in said(report, "repaired")["S1"]
    assert "recognised by their text" in said(report, "repaired")["S3"]
    assert "the notebook of lab05_transfer" in said(report, "wrong lab")["S2"]
    assert "not a notebook" in said(report, "unreadable")["S4"]
    assert [report.counts[name] for name in ("found", "matched", "wrong lab", "unreadable", "repaired")] == [4, 4, 1, 1, 2]


# ── the roster and the mapping ───────────────────────────────────────────────────────────────────────────────────────


def test_a_roster_that_lost_a_student_costs_nobody_else_anything(make_class: MakeClass) -> None:
    nn = make_class("id,first_name,last_name\nS1,Jane,Doe\nS2,Ann,Lee\n")
    download = nn.zip({"doejane_1_1_a.ipynb": notebook("jane"), "leeann_2_2_a.ipynb": notebook("ann")})
    assert nn.collect(download).complete
    nn = make_class("id,first_name,last_name\nS2,Ann,Lee\n")
    report = nn.collect(download)
    assert set(said(report, "unmatched")) == {"user 1 (doejane)"}
    assert nn.mark("S1") == "jane"
    assert nn.record("S1").student == "S1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("source,who\n", "expected the columns source, who and student"),
        ("source,who,student\ncanvas,user 1,S1\ncanvas,user 1,S2\n", "line 3: 'user 1' is 'S1' in a line before"),
        ('source,who,student\n"a,b,c\n', "a quote that is not closed"),
    ],
)
def test_a_mapping_that_cannot_be_read_is_refused(nn: Class, text: str, problem: str) -> None:
    (nn.course.folder / "mapping.csv").write_text(text)
    with pytest.raises(CollectError, match=problem):
        nn.collect(nn.zip(GOOD))


def test_a_mapping_to_nobody_is_said(nn: Class) -> None:
    (nn.course.folder / "mapping.csv").write_text("source;who;student\ncanvas;user 4711;S9\n")
    assert "mapping.csv says 'S9'" in next(iter(said(nn.collect(nn.zip(GOOD)), "unmatched").values()))


def test_an_empty_roster_is_refused(make_class: MakeClass) -> None:
    nn = make_class("id,first_name,last_name,email\n")
    with pytest.raises(CollectError, match="no students in it"):
        nn.collect(nn.zip(GOOD))


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def state_of(nn: Class) -> dict[str, tuple[bytes, int]]:
    files = (path for path in nn.course.folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_dry_run_writes_nothing(nn: Class) -> None:
    before = state_of(nn)
    report = nn.collect(nn.zip({**GOOD, "x_9_9_a.ipynb": notebook()}), dry_run=True)
    assert report.states() == {"new": 1}
    assert state_of(nn) == before


def test_the_same_download_again_changes_nothing_and_keeps_what_was_mended_by_hand(nn: Class) -> None:
    path = nn.zip({**GOOD, "x_9_9_a.ipynb": notebook()})
    nn.collect(path)
    (nn.course.submitted() / "S1" / "toylab" / "toylab.ipynb").write_bytes(notebook("mended"))
    before = state_of(nn)
    assert nn.collect(path).states() == {"same": 1}
    assert state_of(nn) == before


def test_an_older_download_never_replaces_newer_work(nn: Class) -> None:
    old = nn.zip({"doejane_4711_9_a.ipynb": notebook("old"), "oneilsmithzoë_4712_8_a.ipynb": notebook("zoe")}, "old.zip")
    new = nn.zip({"doejane_LATE_4711_10_a-1.ipynb": notebook("new")}, "new.zip")
    nn.collect(new)
    report = nn.collect(old)
    assert report.states() == {"older": 1, "new": 1}
    assert report.complete
    assert (nn.mark("S1"), nn.mark("S2")) == ("new", "zoe")
    assert nn.record("S1").late is True
    assert nn.collect(old, new).states() == {"same": 2}


def test_without_numbers_and_times_the_dates_in_the_archives_decide(nn: Class) -> None:
    name = "Jane Doe_1_assignsubmission_file/a.ipynb"
    old = nn.zip({name: notebook("old")}, "old.zip", when=(2026, 11, 20, 8, 0, 0))
    new = nn.zip({name: notebook("new")}, "new.zip", when=(2026, 11, 21, 8, 0, 0))
    nn.collect(old)
    nn.collect(new)
    assert nn.mark("S1") == "new"
    assert nn.collect(old).states() == {"older": 1}
    assert nn.mark("S1") == "new"


def test_work_that_came_from_elsewhere_is_kept(nn: Class) -> None:
    there = nn.course.submitted() / "S1" / "toylab" / "toylab.ipynb"
    there.parent.mkdir(parents=True)
    there.write_bytes(notebook("by hand"))
    assert "did not come from `collect`" in said(nn.collect(nn.zip(GOOD)), "kept")["S1"]
    assert nn.mark("S1") == "by hand"


def test_a_full_disk_leaves_whole_submissions_and_the_next_run_goes_on(nn: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    download = nn.zip({**GOOD, "oneilsmithzoë_4712_2_lab.ipynb": notebook("zoe")})
    copy, calls = write.shutil.copyfile, []

    def full(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) > 1:
            Path(target).write_bytes(b"{")
            raise OSError(errno.ENOSPC, "No space left on device")
        copy(source, target)

    monkeypatch.setattr(write.shutil, "copyfile", full)
    with pytest.raises(CollectError, match="No space left on device; make room"):
        nn.collect(download)
    assert nn.students() == {"S1"}
    assert [path.name for path in (nn.course.submitted() / "S2").iterdir()] == []
    monkeypatch.undo()
    assert nn.collect(download).states() == {"same": 1, "new": 1}


def test_what_a_crash_left_renamed_is_put_back(nn: Class) -> None:
    download = nn.zip(GOOD)
    nn.collect(download)
    there = nn.course.submitted() / "S1" / "toylab"
    there.rename(there.with_name(".previous-toylab"))
    there.with_name(".collecting-abc").mkdir()
    assert nn.collect(download).states() == {"same": 1}
    assert [path.name for path in there.parent.iterdir()] == ["toylab"]


def test_a_course_that_cannot_be_written_says_so(nn: Class) -> None:
    (nn.course.folder / "collected").write_text("in the way")
    with pytest.raises(CollectError, match="grant access"):
        nn.collect(nn.zip(GOOD))


def test_of_two_instructors_at_once_the_second_is_told_to_wait(nn: Class) -> None:
    with write.lock(nn.course), pytest.raises(CollectError, match="somebody else is collecting"):
        nn.collect(nn.zip(GOOD))


def test_a_record_of_another_form_is_refused_before_anything_is_written(nn: Class) -> None:
    path = nn.course.collected_file("toylab")
    path.parent.mkdir()
    path.write_text("[]")
    with pytest.raises(CourseError, match="not a record"):
        collect_downloads(nn.course, nn.lab, [nn.zip(GOOD)])
    assert nn.students() == set()


def test_the_mapping_holds_no_formula_and_one_line_for_each_person(nn: Class) -> None:
    nn.collect(
        nn.zip(
            {'=HYPERLINK("x")_1_assignsubmission_file/a.ipynb': notebook(), "+1_2_assignsubmission_file/a.ipynb": notebook()}
        )
    )
    import csv

    rows = list(csv.DictReader(io.StringIO((nn.course.folder / "mapping.csv").read_text("utf-8-sig"))))
    assert len(rows) == 2
    assert all(row["who"].startswith("'") for row in rows)
