"""A feedback page shows a student the own mark, messages, code and comments, and nothing of hidden tests, solutions and others."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output
from PIL import Image

from autograder.course.records import CollectedFile
from autograder.course.roster import Student
from autograder.grading.submissions.submission import Submission, read_submission_here
from autograder.grading.verdict import TestResult, Verdict, Written
from autograder.labs.model import Cell, Lab
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import release_notebook
from autograder.reporting.feedback.content import Page, page_of
from autograder.reporting.feedback.fragment import MARKER, feedback_fragment
from autograder.reporting.feedback.packing import entry_name, pack
from autograder.reporting.feedback.render import MAX_BYTES, feedback_html, feedback_markdown
from autograder.reporting.marks import HandMark, Mark

ADA = Student("ada", "Ada", "One")
CODE = "def mean(x):\n    total = sum(x)\n    return totl / 2"
TESTS = (
    TestResult("mean", "mean", 8, 4, "failed", "partly right: 4 of 8 points"),
    TestResult("mean_pure", "mean", 4, 4, "passed"),
    TestResult(
        "halving", "halving", 8, 0, "error", "your code stopped with NameError: name 'totl' is not defined", note="NOTE"
    ),
)
VERDICT = Verdict("ada", "lab00_toy", "graded", TESTS, (Written("why", 4, True),))
RELEASED: dict[tuple[Cell, ...], NotebookNode] = {}  # nbgrader takes a second to make one
WAITS = HandMark("written_why", None, 4, "")


def mark(verdict: Verdict = VERDICT, *hands: HandMark, **fields: object) -> Mark:
    made = Mark(ADA, verdict, hands or (WAITS,), 24.0, 0, 0.0)
    return replace(made, **fields)  # type: ignore[arg-type]


def submitted(lab: Lab, folder: Path, code: str = CODE, answer: str = "Outliers pull.", pictures: int = 0) -> Submission:
    """A submission with this text in the first exercise and the question, and with figures below the exercise."""
    if lab.cells not in RELEASED:
        RELEASED[lab.cells] = release_notebook(lab)
    notebook = deepcopy(RELEASED[lab.cells])
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name == "mean":
            cell.source = code
            cell.outputs = [new_output("display_data", {"image/png": picture(n)}) for n in range(pictures)]
        elif name == "written_why":
            cell.source = answer
    write_notebook(notebook, folder / "lab00_toy.ipynb")
    return read_submission_here(lab, folder / "lab00_toy.ipynb", pictures=True)


def picture(seed: int) -> str:
    """A noisy picture, which hardly compresses, in base64."""
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (300, 400, 3), dtype=np.uint8)).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.fixture
def work(toy: Lab, tmp_path: Path) -> Submission:
    return submitted(toy, tmp_path)


def plain(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())


# ── what it shows ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_mark_comes_first_and_each_test_has_its_verdict_in_words(toy: Lab, work: Submission) -> None:
    said = plain(feedback_html(page_of(mark(), toy, work)))
    assert said.index("8 of 24 points") < said.index("This mark is not final") < said.index("Exercise mean")
    assert "4 of 8 ◐ partly passed test mean partly right: 4 of 8 points" in said
    assert "4 of 4 ✓ passed test mean_pure" in said
    assert "0 of 8 ✗ stopped with an error test halving" in said
    assert "4 to give … waits for a mark by hand" in said
    assert "Your answer Outliers pull." in said


def test_the_table_links_to_every_exercise(toy: Lab, work: Submission) -> None:
    html = feedback_html(page_of(mark(), toy, work))
    assert re.findall(r'href="#([^"]*)"', html) == re.findall(r'<h2 id="([^"]*)"', html) == ["part1", "part2", "part3"]


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("your code stopped with ValueError: The truth value of an array is ambiguous. Use a.any()", ". `if`, `and`, "),
        ("your cell for `mean` did not run to its end: TypeError: 'int' object is not callable", ". Parentheses stand behind"),
        ("your code stopped with KeyError: 'x'", ""),
        ("an index that is out of range: list index out of range", ""),  # the words of a test stand alone
    ],
)
def test_a_message_that_names_only_an_error_says_what_usually_causes_it(
    toy: Lab, work: Submission, message: str, advice: str
) -> None:
    test = TestResult("mean", "mean", 8, 0, "error", message)
    page = page_of(mark(Verdict("ada", toy.id, "graded", (test,))), toy, work)
    told = page.sections[0].results[0].message
    assert told == message if not advice else advice in told
    assert told.startswith(message)


@pytest.mark.parametrize(
    ("code", "message", "line"),
    [
        (CODE, "your code stopped with NameError: name 'totl' is not defined", "    return totl / 2"),
        (
            "def mean(x):\n    return (x",
            "your cell for `mean` did not run to its end: SyntaxError: '(' was never closed",
            "    return (x",
        ),
        (
            "x = 1\nraise NotImplementedError()",
            "the line `raise NotImplementedError()` still stands in",
            "raise NotImplementedError()",
        ),
        (CODE, "that is the sum", None),
    ],
)
def test_the_failing_line_is_marked_where_the_message_says_it(
    toy: Lab, tmp_path: Path, code: str, message: str, line: str | None
) -> None:
    test = TestResult("mean", "mean", 8, 0, "error", message)
    html = feedback_html(page_of(mark(Verdict("ada", toy.id, "graded", (test,))), toy, submitted(toy, tmp_path, code)))
    assert re.findall(r'<span class="here">([^<]*)</span>', html) == ([line] if line else [])
    assert bool(line) == ("where the problem shows" in html)


def test_marks_and_comments_by_hand_and_lateness_are_shown(toy: Lab, work: Submission) -> None:
    hands = (HandMark("test_halving", 6, 8, "", test="halving"), HandMark("written_why", 3, 4, ""))
    comments = {"written_why": "Name <one> example", "halving": "Nearly."}
    said = plain(feedback_html(page_of(mark(VERDICT, *hands, days_late=2, penalty=3.4, comments=comments), toy, work)))
    assert "13.6 of 24 points" in said
    assert "Handed in 2 days late: 3.4 of your 17 points are lost." in said
    assert "6 of 8 ◐ marked by hand test halving" in said
    assert "Comment Nearly." in said
    assert "Comment Name &lt;one&gt; example" in said
    assert "not final" not in said


def test_an_unreadable_submission_gets_a_page_that_says_why(toy: Lab) -> None:
    verdict = Verdict("ada", toy.id, "unreadable", message="ada.ipynb: not a notebook")
    said = plain(feedback_html(page_of(Mark(ADA, verdict, (), 24.0, 0, 0.0), toy, None)))
    assert "Your file could not be graded: ada.ipynb: not a notebook" in said


# ── what it does not show ────────────────────────────────────────────────────────────────────────────────────────────


def test_no_page_archive_or_markdown_holds_a_hidden_test_a_solution_or_the_work_of_others(
    toy_folder: Path, tmp_path: Path
) -> None:
    source = (toy_folder / "lab.py").read_text()
    for before in ("### END SOLUTION", "### END HIDDEN TESTS"):
        source = re.sub(rf"^( *){before}", rf"\1canary = 'CANARY'\n\1{before}", source, flags=re.MULTILINE)
    (toy_folder / "lab.py").write_text(source.replace("# Every entry enters", "# CANARY. Every entry enters"))
    lab = load_lab(toy_folder)
    assert source.count("CANARY") == 4
    (tmp_path / "ben").mkdir()
    ben = page_of(replace(mark(), student=Student("ben")), lab, submitted(lab, tmp_path / "ben", "BENS = 1", "BENS words"))
    ada = page_of(mark(), lab, submitted(lab, tmp_path))
    files = [collected("ada", "one_11_21_x.ipynb", user="11", attachment="21")]
    archive, _ = pack({"ada": feedback_html(ada), "ben": feedback_html(ben)}, files, lab.id, "canvas")
    with zipfile.ZipFile(io.BytesIO(archive)) as entries:
        packed = "".join(entries.read(name).decode() for name in entries.namelist())
    for text in (feedback_html(ada), feedback_markdown(ada), feedback_fragment(ada), packed):
        assert "totl" in text
        assert not {word for word in ("CANARY", "BENS", "NOTE", "np.average", "x.sum()", "default_rng") if word in text}


def test_text_of_the_student_is_inert(toy: Lab, tmp_path: Path) -> None:
    evil = '</span><script>alert(1)</script><img src="http://x.y/z"> \u202e'
    test = TestResult("mean", "mean", 8, 0, "failed", f"got {evil} and [a](http://x.y)")
    page = page_of(mark(Verdict("ada", toy.id, "graded", (test,))), toy, submitted(toy, tmp_path, evil, evil))
    page = replace(page, student=evil)
    html = feedback_html(page)
    tags = Tags(html)
    assert "script" not in tags.names
    assert "img" not in tags.names
    assert "\u202e" not in html
    assert "<script" not in feedback_markdown(page)
    assert "](http" not in feedback_markdown(page)
    assert "http:/" not in feedback_markdown(page)
    assert set(Tags(feedback_fragment(page)).names) == {"div", "p", "strong", "ul", "li"}


def test_a_fragment_is_one_line_with_the_mark_what_the_tests_say_and_comments(toy: Lab) -> None:
    page = page_of(mark(VERDICT, HandMark("written_why", 3, 4, ""), comments={"written_why": "Well\nput & true"}), toy, None)
    text = feedback_fragment(page)
    assert text.startswith(f'<div class="{MARKER}"><p><strong>11 of 24 points</strong></p>')
    assert "<li>✗ halving: stopped with an error, 0 of 8 points: your code stopped with NameError" in text
    assert "<li>◐ marked by hand, 3 of 4 points</li></ul><p><em>Well put &amp; true</em></p>" in text
    assert "\n" not in text


def test_a_page_needs_no_script_and_no_other_address(toy: Lab, tmp_path: Path) -> None:
    tags = Tags(feedback_html(page_of(mark(), toy, submitted(toy, tmp_path, pictures=1))))
    assert not {"script", "link", "iframe", "object"} & set(tags.names)
    assert {address.split(":")[0] for address in tags.addresses if not address.startswith("#")} == {"data"}


def test_a_page_stays_below_200_kb_whatever_was_handed_in(toy: Lab, tmp_path: Path) -> None:
    page = page_of(mark(), toy, submitted(toy, tmp_path, "'<&\"'\n" * 3000, "<" * 90_000 + "\n<" * 5000, pictures=9))
    html = feedback_html(page)
    assert 0 < sum(len(section.figures) for section in page.sections) < 9
    assert len(html.encode()) < MAX_BYTES
    assert "8 of 24 points" in plain(html)


# ── accessibility ────────────────────────────────────────────────────────────────────────────────────────────────────


class Tags(HTMLParser):
    """The tags of a page, and the addresses in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.plain: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.plain.append(dict(attrs))
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]


def test_the_page_names_its_language_and_its_headings_are_in_order(toy: Lab, tmp_path: Path) -> None:
    tags = Tags(feedback_html(page_of(mark(VERDICT, comments={"mean": "Good."}), toy, submitted(toy, tmp_path, pictures=1))))
    assert tags.plain[0] == {"lang": "en"}
    levels = [int(name[1]) for name in tags.names if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(attributes.get("alt") for name, attributes in zip(tags.names, tags.plain, strict=True) if name == "img")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_every_text_has_a_contrast_of_at_least_4_5(toy: Lab, work: Submission, scheme: int) -> None:
    html = feedback_html(page_of(mark(), toy, work))
    colours = dict(re.findall(r"--(\w+): (#\w{6})", re.findall(r":root {(.*?)}", html, re.DOTALL)[scheme]))
    for text in ("text", "quiet", "link", "passed", "partly", "missed", "waits"):
        for back in ("back", "soft", "marked"):
            high, low = sorted((luminance(colours[text]), luminance(colours[back])), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, back)


# ── the way back ─────────────────────────────────────────────────────────────────────────────────────────────────────


def collected(student: str, entry: str, source: str = "canvas", **lms: str) -> CollectedFile:
    return CollectedFile(student, source, "a.zip", entry, lms, datetime(2026, 1, 1, tzinfo=timezone.utc), None, 1, "0")


def canvas_reads(name: str) -> list[str]:
    """What Canvas does: the first two parts of digits alone are the user and the attachment."""
    return [part for part in name.rsplit(".", 1)[0].split("_") if part.isdecimal()][:2]


@pytest.mark.parametrize(
    "entry", ["doejane_4711_90210_lab02.ipynb", "李_LATE_4711_90210_a_1_2.ipynb", "007_4711_90210_x.ipynb", "._x_4711_90210_x"]
)
def test_canvas_finds_user_and_attachment_in_the_name_of_an_entry(entry: str) -> None:
    name = entry_name(collected("ada", entry, user="4711", attachment="90210"), "lab02_mlp", "canvas") or ""
    assert canvas_reads(name) == ["4711", "90210"]
    assert not name.startswith("._")
    assert "/" not in name


def test_the_page_of_a_notebook_in_a_zip_bears_the_name_of_the_student() -> None:
    file = collected("ada", "doejane_4711_90210_work.zip » my_lab/lab02.ipynb", user="4711", attachment="90210")
    assert entry_name(file, "lab02_mlp", "canvas") == "doejane_4711_90210_lab02_mlp.html"


@pytest.mark.parametrize(
    ("source", "entry"),
    [
        ("moodle", "Zoë O'Neil_123_assignsubmission_file/sub/lab.ipynb"),
        ("moodle", "Zoë O'Neil_123_assignsubmission_file_/lab.ipynb"),
        ("moodle-flat", "Zoë O'Neil_123_assignsubmission_file_lab.ipynb"),
    ],
)
def test_moodle_finds_the_participant_in_the_name_of_an_entry(source: str, entry: str) -> None:
    name = entry_name(collected("ada", entry, source, participant="123"), "lab02_mlp", "moodle") or ""
    parts = name.replace("/", "_").split("_", 4)
    assert parts == ["Zoë O'Neil", "123", "assignsubmission", "file", "lab02_mlp.html"]


def test_a_page_without_ids_is_named_and_equal_pages_give_equal_archives() -> None:
    files = [collected("ada", "one_1_2_x.ipynb", user="1", attachment="2"), collected("ben", "ben.ipynb", "folders")]
    archive, without = pack({"ada": "A", "ben": "B"}, files, "lab02", "canvas")
    assert without == ["ben"]
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == ["one_1_2_lab02.html"]
    assert pack({"ada": "A", "ben": "B"}, files, "lab02", "canvas")[0] == archive


def test_markdown_begins_with_the_mark(toy: Lab, work: Submission) -> None:
    page: Page = page_of(mark(), toy, work)
    assert feedback_markdown(page).splitlines()[2] == "**8 of 24 points**"
