"""Marks go into the platform's own export, and the platform takes exactly these marks from it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course.records import CollectedFile
from autograder.course.roster import Student
from autograder.errors import ExportError
from autograder.grading.verdict import TestResult, Verdict, VerdictStatus
from autograder.reporting.export.canvas import fill_canvas
from autograder.reporting.export.filling import Filled, Rules
from autograder.reporting.export.moodle import fill_moodle
from autograder.reporting.export.people import People
from autograder.reporting.export.sheet import Sheet, number
from autograder.reporting.export.tidy import tidy_csv
from autograder.reporting.feedback.fragment import MARKER
from autograder.reporting.marks import HandMark, Mark
from tests.autograder.reporting.export.importers import Canvas, Moodle, read_rows

ADA = Student("S1", "Ada", "O'Neil, Jr.", "ada@x.edu", {"canvas_id": "4711", "login": "ada"})
BEN = Student("S2", "Ben", 'von "B" Berg', "ben@x.edu", {"login": "ben"})
CEM = Student("S3", "=Cem", "Öz", "cem@x.edu")
DAN = Student("S4", "Dan", "Smith", "dan@x.edu")

PLAIN = Rules()


def mark(student: Student, points: float | None = 17.5, *, wait: bool = False, status: VerdictStatus = "graded") -> Mark:
    """A mark out of 20; points None: nothing handed in."""
    tests = (TestResult("mean", "mean", 20, points or 0.0, "failed", "divide by n"),)
    verdict = None if points is None else Verdict(student.id, "lab02", status, tests if status == "graded" else ())
    hands = (HandMark("written_why", None, 0, ""),) if wait else ()
    return Mark(student, verdict, hands, 20.0, 0, 0.0)


def people(*marks: Mark, participants: Sequence[tuple[str, str]] = ()) -> People:
    files = [CollectedFile(id, "moodle", "a.zip", "x", {"participant": n}, None, None, 1, "0") for id, n in participants]
    return People(marks, files)


CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (1233),Lab 2 (1234),Lab 2 again (99),Assignments Current Points
,,,,,,Manual Posting,,
    Points Possible,,,,,10.00,20.00,20.00,(read only)
"O'Neil, Jr., Ada",4711,S1,ada,"A, 1",5.00,,1.00,6
"von ""B"" Berg, Ben",4712,S2,ben,A,,17.5,,
"=""Öz, =Cem\""",4713,S3,cem,A,EX,EX,,
"Smith, Dan",4714,S4,dan,A,,12.00,,
"Student, Test",4799,,f00d,A,,,,
"""
USERS = {"4711": ("S1", "ada"), "4712": ("S2", "ben"), "4713": ("S3", "cem"), "4714": ("S4", "dan"), "4799": ("", "f00d")}


def canvas(*marks: Mark, text: str = CANVAS, column: str = "1234", encoding: str = "utf-8", rules: Rules = PLAIN) -> Filled:
    return fill_canvas(text.encode(encoding), "grades.csv", people(*marks), rules, column)


def in_canvas() -> Canvas:
    old: dict[str, float | str] = {"4712": 17.5, "4713": "EX", "4714": 12.0}
    return Canvas(USERS, {"1233": {"4711": 5.0, "4713": "EX"}, "1234": old, "99": {"4711": 1.0}})


def rest(text: str, column: int) -> list[list[str]]:
    return [[cell for at, cell in enumerate(row) if at != column] for row in read_rows(text.encode())]


# ── Canvas ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_canvas_takes_exactly_the_marks_that_changed() -> None:
    filled = canvas(mark(ADA, 19.126), mark(BEN, 17.5), mark(CEM, 20), mark(DAN, 11))
    server = in_canvas()
    assert server.upload(filled.data) == {("1234", "4711"): 19.13, ("1234", "4714"): 11.0}
    assert server.scores["1234"]["4713"] == "EX"
    assert [(change.student, change.old, change.new) for change in filled.changes] == [
        ("S1", "", "19.13"),
        ("S4", "12.00", "11.00"),
    ]
    assert filled.same == 1
    assert [reason for _, reason in filled.left] == ["excused in Canvas (EX)"]
    assert server.upload(filled.data) == {}


def test_every_other_byte_of_the_export_stays() -> None:
    filled = canvas(mark(ADA), mark(BEN), mark(CEM), mark(DAN))
    assert filled.data == CANVAS.replace('"A, 1",5.00,,', '"A, 1",5.00,17.50,').replace("12.00,,", "17.50,,").encode()


def test_semicolons_decimal_commas_windows_lines_and_a_byte_order_mark_stay() -> None:
    text = CANVAS.replace(".00", "@00").replace("17.5", "17@5").replace(",", ";").replace("@", ",").replace("\n", "\r\n")
    filled = canvas(mark(ADA, 3.25), mark(DAN, 4), text=text, encoding="utf-8-sig")
    assert filled.data == text.replace('"A; 1";5,00;;', '"A; 1";5,00;3,25;').replace(";12,00;", ";4,00;").encode("utf-8-sig")
    assert in_canvas().upload(filled.data) == {("1234", "4711"): 3.25, ("1234", "4714"): 4.0}


def test_a_decimal_comma_between_commas_is_quoted() -> None:
    text = CANVAS.replace("10.00", '"10,00"').replace("20.00", '"20,00"').replace("12.00", '"12,00"').replace("17.5", '"17,5"')
    filled = canvas(mark(ADA, 3.25), text=text)
    assert b'"A, 1",5.00,"3,25",' in filled.data
    assert in_canvas().upload(filled.data) == {("1234", "4711"): 3.25}


def test_nobody_gets_0_for_nothing_handed_in_unless_asked() -> None:
    marks = (mark(ADA, None), mark(DAN, None))
    filled = canvas(*marks)
    assert filled.data == CANVAS.encode()
    assert "nothing was handed in" in filled.left[0][1]
    assert in_canvas().upload(canvas(*marks, rules=Rules(missing_as_zero=True)).data) == {
        ("1234", "4711"): 0.0,
        ("1234", "4714"): 0.0,
    }


def test_marks_that_a_person_has_not_completed_are_left_out_unless_asked() -> None:
    marks = (mark(ADA, wait=True), mark(DAN, 0, status="needs review"))
    filled = canvas(*marks)
    assert filled.data == CANVAS.encode()
    assert [reason for _, reason in filled.left] == [
        "1 answer waits for a mark by hand (--incomplete writes what there is)",
        "needs review: a person must look at it first (--incomplete writes what there is)",
    ]
    written = canvas(*marks, rules=Rules(incomplete=True))
    assert [change.student for change in written.changes] == ["S1", "S4"]
    assert written.provisional == ("S1", "S4")
    assert canvas(mark(ADA), mark(DAN)).provisional == ()


def test_who_is_missing_on_either_side_is_named() -> None:
    filled = canvas(mark(ADA), mark(Student("S9", "New", "Here")))
    assert filled.without_row == ("S9",)
    assert list(filled.unknown) == ['von "B" Berg, Ben', '="Öz, =Cem"', "Smith, Dan"]


def test_another_maximum_is_refused_and_scaled_if_asked() -> None:
    text = CANVAS.replace("20.00,20.00", "100.00,20.00")
    with pytest.raises(
        ExportError, match="out of 100 points, the lab out of 20; change the points there, or convert the marks"
    ):
        canvas(mark(ADA), text=text)
    assert canvas(mark(ADA), text=text, rules=Rules(scale=True)).changes[0].new == "87.50"


def test_the_export_of_another_course_is_refused() -> None:
    with pytest.raises(ExportError, match="none of its 4 students is one of this course"):
        canvas(mark(Student("S77", "Eve", "Other")))


def test_the_export_of_another_course_with_a_few_of_these_students_is_refused_too() -> None:
    others = "".join(f'"Other, {n}",88{n},X{n},x{n},B,,,,\n' for n in range(9))
    mine = [mark(Student(f"M{n}", "Mine", str(n))) for n in range(6)]
    with pytest.raises(ExportError, match="only 1 of its 13 students is one of this course, and only 1 of 7 marks have a row"):
        canvas(mark(ADA), *mine, text=CANVAS + others)
    # the lecture's whole gradebook, of which this course is one group; and the gradebook of one group of this course
    assert canvas(mark(ADA), text=CANVAS + others).changes
    assert canvas(mark(ADA), mark(BEN), *mine).changes


def test_two_assignments_of_one_title_are_told_apart_by_number() -> None:
    text = CANVAS.replace("Lab 2 again (99)", "Lab 2 (99)")
    with pytest.raises(ExportError, match=r"several .* called so; .*: --column 1234 for 'Lab 2 \(1234\)'; --column 99 for"):
        canvas(mark(ADA), text=text, column="lab 2")
    assert canvas(mark(ADA), text=text, column="99").changes[0].old == "1.00"


def test_the_assignment_is_found_by_the_titles_of_the_lab() -> None:
    filled = fill_canvas(CANVAS.encode(), "grades.csv", people(mark(ADA)), Rules(), "", ["lab02_mlp", "LAB 2"])
    assert filled.column == "Lab 2 (1234)"
    with pytest.raises(ExportError, match=r"which assignment is it\? .*--column 1233 for 'Lab 1 \(1233\)'; --column 1234 for"):
        fill_canvas(CANVAS.encode(), "grades.csv", people(mark(ADA)), Rules(), "", ["lab77"])


def test_an_export_with_last_and_first_names_apart_is_filled_too() -> None:
    text = (
        "LastName,FirstName,ID,SIS Login ID,Section,Lab 2 (1234)\n    Points Possible,,,,,20.00\n"
        "Smith,Dan,4714,DAN@x.edu,A,\nStudent,Test,4799,f00d,A,\nÖz,=Cem,,c,A,\n"
    )
    filled = canvas(mark(DAN, 3), mark(CEM, 4), text=text)
    assert filled.data.decode() == text.replace("edu,A,", "edu,A,3.00").replace(",c,A,", ",c,A,4.00")
    assert filled.unknown == ()


def test_two_rows_of_one_student_are_left_alone() -> None:
    text = CANVAS + '"O\'Neil, Jr., Ada",,S1,ada,B,,,,\n'
    filled = canvas(mark(ADA), text=text)
    assert filled.changes == ()
    assert {reason for _, reason in filled.left} == {"two rows fit the student S1; complete the ids in the roster"}


def test_two_students_of_one_name_are_not_guessed() -> None:
    text = CANVAS.replace("4714,S4,dan", "4714,,dd")
    twins = (mark(DAN), mark(Student("S5", "Dan", "Smith")), mark(ADA))
    assert "Smith, Dan" in canvas(*twins, text=text).unknown


def test_a_row_whose_number_is_the_id_of_another_student_gets_no_mark() -> None:
    other = Student("4714", "Eve", "Other")  # in Canvas, 4714 is Dan
    filled = canvas(mark(ADA), mark(DAN), mark(other))
    assert [change.student for change in filled.changes] == ["S1"]
    assert "Smith, Dan" in filled.unknown
    assert filled.without_row == ("S4", "4714")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a,b,c\n1,2,3\n", "not a gradebook of Canvas"),
        (CANVAS.replace("    Points Possible", "Someone"), "no row 'Points Possible'"),
        (CANVAS.replace("20.00,20.00", ",20.00"), "holds '' for 'Lab 2"),
        (CANVAS + '"half', "line 9: a quote .* is opened and not closed; download the export again"),
        (CANVAS[: CANVAS.index(",S4,dan")], "line 7: the file ends after 2 of 9 cells of its last row, so it is not whole"),
        (CANVAS[: CANVAS.index("SIS User")], "a first line and nothing below it, so the file is not whole"),
        (CANVAS[: CANVAS.index('"O')], "no row of a student; download the export again"),
        ("PK\x03\x04\0", "a workbook or an archive, not a CSV file; download the export as CSV"),
        ("\ufeff<!DOCTYPE html><title>Log in</title>", "a web page, not a CSV file; the download may need you to log in"),
        ("Identifier,Grade\nParticipant 1,\n", "it looks like a grading worksheet of Moodle: give --to moodle"),
    ],
)
def test_a_file_that_is_no_export_of_canvas_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        canvas(mark(ADA), text=text)


def test_a_file_in_another_encoding_is_refused() -> None:
    with pytest.raises(ExportError, match="not UTF-8"):
        canvas(mark(ADA), encoding="latin-1")


# ── Moodle ───────────────────────────────────────────────────────────────────────────────────────────────────────────

MOODLE = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\r\n'
    'Participant 11,"Ada O\'Neil, Jr.",ada@x.edu,"Submitted for grading",,20.00,Yes,"Friday, 20 November 2026",-,"<p>a, ""b""</p>"\r\n'
    'Participant 12,"Ben",ben@x.edu,"Submitted",17.50,20.00,Yes,"Friday, 20 November 2026","Sunday, 22 November 2026, 1:02 PM",\r\n'
    'Participant 13,"Cem",cem@x.edu,"Submitted",3.00,20.00,No,"Friday, 20 November 2026",-,\r\n'
    'Participant 14,"Dan",dan@x.edu,"No submission",,20.00,Yes,-,-,\r\n'
)
GERMAN = (
    "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Bewertung kann geändert werden;"
    "Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung)\n"
    "Teilnehmer/in11;Ada;ada@x.edu;Zur Bewertung abgegeben;;20,00;Ja;Freitag, 20. November 2026;-\n"
    "Teilnehmer/in12;Ben;ben@x.edu;Zur Bewertung abgegeben;17,50;20,00;Nein;Freitag, 20. November 2026;-\n"
)


def moodle(*marks: Mark, text: str = MOODLE, column: str = "", rules: Rules = PLAIN) -> Filled:
    return fill_moodle(text.encode(), "Grades.csv", people(*marks), rules, column)


def test_moodle_takes_the_marks_of_unlocked_rows() -> None:
    filled = moodle(mark(ADA, 19.5), mark(BEN, 18), mark(CEM, 5), mark(DAN, None))
    when = "Sunday, 22 November 2026, 1:02 PM"
    server = Moodle({"11": (None, "-"), "12": (17.5, when), "13": (3.0, "-"), "14": (None, "-")}, 20.0, frozenset({"13"}))
    assert server.upload(filled.data, (0, 4, 8)) == ({"11": 19.5, "12": 18.0}, [])
    assert filled.data == MOODLE.replace('grading",,20', 'grading",19.50,20').replace("17.50", "18.00").encode()
    assert [reason for _, reason in filled.left] == [
        "locked in Moodle: the grade cannot be changed there",
        "nothing was handed in (--missing-as-zero writes 0)",
    ]


def test_a_german_worksheet_keeps_its_semicolons_and_decimal_commas() -> None:
    filled = moodle(mark(ADA, 7.25), mark(BEN), text=GERMAN)
    assert filled.data == GERMAN.replace("abgegeben;;20", "abgegeben;7,25;20").encode()
    assert filled.column == "Bewertung"
    assert filled.left == (("Ben", "locked in Moodle: the grade cannot be changed there"),)


def test_a_blind_worksheet_is_matched_by_the_numbers_that_collect_noted() -> None:
    text = "Identifier,Status,Grade,Maximum grade,Last modified (grade)\nParticipant 5,x,,20.00,-\nParticipant 6,x,,20.00,-\n"
    found = people(mark(ADA, 1), mark(BEN, 2), participants=[("S1", "6"), ("S2", "5")])
    filled = fill_moodle(text.encode(), "Grades.csv", found, Rules())
    assert Moodle({"5": (None, "-"), "6": (None, "-")}, 20.0).upload(filled.data, (0, 2, 4)) == ({"5": 2.0, "6": 1.0}, [])


def test_the_worksheet_of_another_assignment_is_refused_unless_its_column_is_named() -> None:
    found = people(mark(ADA, 19.5), mark(BEN, 18), participants=[("S1", "71"), ("S2", "72")])
    with pytest.raises(
        ExportError, match=r"numbers S1 as participant 11, .* that of participant 71, .* worksheet of another assignment"
    ):
        fill_moodle(MOODLE.encode(), "Grades.csv", found, PLAIN)
    assert [change.student for change in fill_moodle(MOODLE.encode(), "Grades.csv", found, PLAIN, "Grade").changes] == [
        "S1",
        "S2",
    ]
    right = people(mark(ADA, 19.5), mark(BEN, 18), participants=[("S1", "11"), ("S2", "72")])  # Ben's account was made anew
    assert [change.student for change in fill_moodle(MOODLE.encode(), "Grades.csv", right, PLAIN).changes] == ["S1", "S2"]


def test_a_mark_above_the_maximum_is_left_out_because_moodle_skips_it() -> None:
    filled = moodle(mark(ADA, 21))
    assert filled.changes == ()
    assert filled.left == (("Ada O'Neil, Jr.", "the mark is above the maximum, and Moodle skips such a row"),)


def test_headers_of_an_unknown_language_are_known_by_what_the_columns_hold() -> None:
    text = "X;Y;P;Q;R\nδ 1;ada@x.edu;;20,00;-\nδ 2;ben@x.edu;5,00;20,00;-\n"
    assert [(c.student, c.new) for c in moodle(mark(ADA, 1), mark(BEN, 5), text=text).changes] == [("S1", "1,00")]


def test_comments_are_written_beside_the_marks_and_those_of_a_person_stay() -> None:
    said = {"S1": f'<div class="{MARKER}">one</div>', "S2": f'<div class="{MARKER}">a, "b"; é</div>', "S3": "x", "S4": "y"}
    found = people(mark(ADA, 19.5), mark(BEN, 17.5), mark(CEM, 5), mark(DAN, None))
    filled = fill_moodle(MOODLE.encode(), "Grades.csv", found, PLAIN, comments=said)
    assert (filled.comments, filled.commented) == (1, ("Ada O'Neil, Jr.",))
    assert [row[9] for row in read_rows(filled.data)[1:]] == ['<p>a, "b"</p>', said["S2"], "", ""]
    again = fill_moodle(filled.data, "Grades.csv", found, PLAIN, comments=said | {"S2": f"{MARKER} new"})
    assert read_rows(again.data)[2][9] == f"{MARKER} new"
    with pytest.raises(ExportError, match="no column for feedback comments; switch on"):
        fill_moodle(GERMAN.encode(), "Grades.csv", people(mark(ADA)), PLAIN, comments=said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Name,Grade\nAda,5\n", "not a grading worksheet of Moodle"),
        (MOODLE.split("\r\n")[0], "without students"),
        (MOODLE[: MOODLE.index('"Dan"') + 9], "line 5: the file ends after 3 of 10 cells of its last row, so it is not whole"),
        (CANVAS, "it looks like a gradebook of Canvas: give --to canvas"),
        (MOODLE.replace("20.00", "Good"), "an assignment with a scale"),
        (MOODLE.replace("20.00", "10.00"), "out of 10 points, the lab out of 20"),
        (MOODLE.replace("x.edu", "y.edu"), "is it the export of another course"),
    ],
)
def test_a_worksheet_that_does_not_fit_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        moodle(mark(Student("S9", "Z", "Z", "ada@x.edu")), text=text)


# ── sheets and the tidy table ────────────────────────────────────────────────────────────────────────────────────────

CELLS = st.text(st.sampled_from("ab\"=,;\n\té漢 '"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]), CELLS)
def test_a_sheet_reads_what_the_csv_module_reads_and_changes_one_cell_only(rows: list[list[str]], end: str, new: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows([["x", "y", "z"], *rows])
    sheet = Sheet(out.getvalue().encode(), "a.csv")
    want = [row for row in csv.reader(io.StringIO(out.getvalue(), newline="")) if any(row)]
    assert [[cell.text for cell in row.cells] for row in sheet.rows] == want
    assert sheet.with_cells({}) == out.getvalue().encode()
    want[-1][1] = new
    changed = sheet.with_cells({(len(want) - 1, 1): new}).decode()
    assert [row for row in csv.reader(io.StringIO(changed, newline="")) if any(row)] == [row for row in want if any(row)]


def test_numbers_are_read_with_either_decimal_sign() -> None:
    texts = ["17.50", "17,5", "1,234.50", "1.234,50", "1 234,5", "1\u202f234,5", "-1", "A-", "", "EX"]
    assert [number(text) for text in texts] == [17.5, 17.5, 1234.5, 1234.5, 1234.5, 1234.5, -1.0, None, None, None]


def test_the_tidy_table_has_a_row_per_test_and_question_and_no_formula() -> None:
    given_by_hand = (HandMark("test_mean", 12.0, 20, "=fine", test="mean"), HandMark("written_why", None, 4, ""))
    marks = [Mark(CEM, mark(CEM, 5).verdict, given_by_hand, 24.0, 2, 1.2), mark(DAN, None)]
    rows = list(csv.DictReader(io.StringIO(tidy_csv(marks, "lab02"))))
    assert [(row["student"], row["kind"], row["name"], row["points"], row["status"]) for row in rows] == [
        ("S3", "test", "mean", "12", "failed"),
        ("S3", "question", "written_why", "", "to mark"),
        ("S4", "", "", "", "missing"),
    ]
    assert {rows[0]["first_name"], rows[0]["comment"]} == {"'=Cem", "'=fine"}
    assert (rows[0]["total"], rows[0]["complete"], rows[2]["total"]) == ("10.8", "false", "")
