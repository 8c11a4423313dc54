"""A list of students is read as spreadsheets and learning platforms write it; what could confuse two students is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.ids import id_problem
from autograder.course.roster import Student, read_roster
from autograder.errors import CourseError


def students(tmp_path: Path, content: str | bytes) -> tuple[Student, ...]:
    path = tmp_path / "roster.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_roster(path).students


def test_known_columns_become_fields_and_the_others_ids(tmp_path: Path) -> None:
    found = students(
        tmp_path, "id,first_name,last_name,email,canvas_id,GitHub\ns1,Zoë,O'Neil-Smith,z@x.org,4711,zoe\ns2,,,,,\n"
    )
    assert found[0] == Student("s1", "Zoë", "O'Neil-Smith", "z@x.org", {"canvas_id": "4711", "github": "zoe"})
    assert (found[0].name, found[0].sortable_name) == ("Zoë O'Neil-Smith", "O'Neil-Smith, Zoë")
    assert found[1] == Student("s2")
    assert (found[1].name, found[1].sortable_name) == ("s2", "s2")


SAME = Student("7", "李", "小明", "l@x.org")


@pytest.mark.parametrize(
    "content",
    [
        "id,first_name,last_name,email\n7,李,小明,l@x.org\n",
        "\ufeffid;first_name;last_name;email\r\n7;李;小明;l@x.org\r\n",
        "sep=;\r\nid;first_name;last_name;email\r\n7;李;小明;l@x.org\r\n",
        "ID-Nummer\tVorname\tNachname\tE-Mail-Adresse\n7\t李\t小明\tl@x.org\n",
        "Prénom,Nom,Numéro d'identification,Adresse de courriel\n李,小明,7,l@x.org\n",
        '"Nombre","Apellido(s)","Número de ID","Dirección de correo"\n"李","小明",7,l@x.org\n',
        "First name,Last name,ID number,Email address\n\n李,小明,7.0,l@x.org\n,,,\n",
        "First name;Last name;ID number;Email address\n李;小明;7,0;l@x.org\n",
        'Name,SID,Email\n"小明, 李","=""7""",l@x.org\n',
        "email,name,student id\nl@x.org,李 小明,7\n",
        "id\tfirst name\tlast name\temail\n7\t李\t小明\tl@x.org\n".encode("utf-16"),
    ],
    ids=lambda content: ascii(content)[:30],
)
def test_the_same_student_is_read_from_every_form(tmp_path: Path, content: str | bytes) -> None:
    assert students(tmp_path, content) == (SAME,)


@pytest.mark.parametrize("names", ["Student", "LastName,FirstName"])
def test_an_export_of_canvas_is_a_list_of_its_students(tmp_path: Path, names: str) -> None:
    two = names != "Student"
    jane, test = ("Doe,Jane", "Student,Test") if two else ('"Doe, Jane"', '"Student, Test"')
    blank = "," if two else ""
    content = (
        f"{names},ID,SIS User ID,SIS Login ID,Section,Lab 2 (1234)\n{blank},,,,,Manual Posting\n"
        f"    Points Possible{blank},,,,,20.00\n{jane},4711,S001,jdoe,Sec A,17.50\n"
    )
    found = students(tmp_path, content + ("" if two else f"{test},99,,,Sec A,\n"))
    ids = {"canvas_id": "4711", "sis_id": "S001", "login": "jdoe", "section": "Sec A", "lab_2_1234": "17.50"}
    assert found == (Student("S001", "Jane", "Doe", "", ids),)


def test_where_no_column_is_named_id_the_first_full_one_serves(tmp_path: Path) -> None:
    found = students(tmp_path, "username,sis_id,email\nada,1,a@x.org\nben,,b@x.org\n")
    assert [student.id for student in found] == ["ada", "ben"]
    assert found[0].lms_ids == {"login": "ada", "sis_id": "1"}


def test_a_column_of_ids_that_nobody_filled_counts_as_none(tmp_path: Path) -> None:
    found = students(tmp_path, "First name,Last name,ID number,Email address\nAda,L,,a@x.org\nBen,B,,b@x.org\n")
    assert [(student.id, student.name) for student in found] == [("a@x.org", "Ada L"), ("b@x.org", "Ben B")]


def test_one_section_or_group_may_be_that_of_many(tmp_path: Path) -> None:
    found = students(tmp_path, "id,section\ns1,A\ns2,A\n")
    assert [student.lms_ids for student in found] == [{"section": "A"}] * 2


def test_a_student_is_found_by_the_id(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("id,name\ns1,Ada L\n")
    roster = read_roster(tmp_path / "roster.csv")
    assert roster.get("s1") == Student("s1", "Ada", "L")
    assert roster.get("S1") is None


def test_a_name_of_300_letters_and_a_control_character_are_no_reason_to_stop(tmp_path: Path) -> None:
    (found,) = students(tmp_path, f"id,last_name\ns1,{'n' * 300}\x07\n")
    assert found.last_name == "n" * 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty; expected a line with the names of the columns"),
        ("Ada,Lovelace\nBen,Boole\n", "line 1: no column with the students' ids; expected a header such as id"),
        ("id,name\ns1,Ada\ns2,Ben\nS1,Eve\n", "line 4, column id: 'S1' stands in line 2 already"),
        ("id,name\n,Ada\n", "line 2, column id: '': a student's id has 1 to 128 bytes"),
        ("id,name\n../x,Ada\n", "line 2, column id: '../x': a student's id begins with a letter or digit"),
        ("id,name\na/b,Ada\n", "line 2, column id: 'a/b': a student's id"),
        ('id,name\ns1,"Ada\nof two lines"\nx:y,Ben\n', "line 4, column id: 'x:y'"),
        ("id,name\n1.23457E+12,Ada\n", "line 2, column id: '1.23457E+12' is a number that a spreadsheet has rounded"),
        ("id,canvas_id\ns1,1E+15\n", "line 2, column canvas_id: '1E+15' is a number that a spreadsheet has rounded"),
        ("id,name\ns1,Doe, Jane\n", "line 2: 3 cells under 2 columns; a text with a comma needs quotes"),
        ('id,name\ns1,"Ada\n', "line 2: not CSV"),
        ("id,canvas_id\ns1,4711\ns2,\ns3,4711\n", "line 4, column canvas_id: '4711' stands in line 2 already"),
        ("id,email\ns1,A@x.org\ns2,a@x.org\n", "line 3, column email: 'a@x.org' stands in line 2 already"),
        (
            "Identifier,Full name\nParticipant 7,Ada\n",
            "line 2, column id: 'Participant 7' is the number of a student in one assignment",
        ),
        ("id,email,E-Mail\ns1,a,b\n", "line 1: the columns 'email' and 'E-Mail' both mean email"),
        (b"id,name\ns1,Zo\xeb\n", "line 2: a letter that is not UTF-8; save the list as 'CSV UTF-8'"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line_and_column(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(CourseError) as caught:
        students(tmp_path, content)
    assert said in str(caught.value)


def test_a_list_that_is_not_there_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="no such file; expected the list of students"):
        read_roster(tmp_path / "roster.csv")
    with pytest.raises(CourseError, match="cannot be read"):
        read_roster(tmp_path)


@pytest.mark.parametrize("text", ["s1", "ada@x.org", "O'Neil", "4711", "李小明", "a b", "_x"])
def test_ids_of_students_are_names_of_folders_too(text: str) -> None:
    assert id_problem(text) == ""


@pytest.mark.parametrize("text", ["", ".x", "-x", "a/b", "a\\b", "=a", "a ", "a\n", "a{b}", "x" * 129, "*"])
def test_what_could_leave_the_folder_or_mean_something_else_is_no_id(text: str) -> None:
    assert id_problem(text).startswith("a student's id")
