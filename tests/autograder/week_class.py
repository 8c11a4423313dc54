"""A made-up class of 64 for the instructor's week: who they are, what they answer, and what platforms let download of it.

Sixty hand in, by five kinds of download, and each kind holds traps. The points of every answer are written here by hand.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from autograder.authoring.demo import reference_sources, solve, without_metadata
from autograder.labs.model import Lab

__all__ = ["CLASS", "CODE", "EARNS", "HANDED_IN", "LAB", "LATER", "POINTS", "UNMARKED", "WITHOUT", "Downloads", "Person"]

LAB = "lab00_toy"
POINTS = (8, 4, 8)  # of the tests mean, mean_pure and halving
# Answer → points of the tests; that of `halving` is too kind to `once` until it is mended.
EARNS = {"right": (8, 4, 8), "sum": (0, 4, 8), "in_place": (8, 0, 8), "once": (8, 4, 0), "blank": (0, 0, 0)}
CODE: dict[str, dict[str, str]] = {
    "right": {},
    "sum": {"mean": "def mean(x):\n    return x.sum()"},
    "in_place": {"mean": "def mean(x):\n    total = x.sum()\n    x[:] = 0\n    return total / len(x)"},
    "once": {"halving": "w = w / 2"},
}


@dataclass(frozen=True)
class Person:
    """A student: who it is, what the answers are, and how many days late they come, as far as the platform tells."""

    id: str
    first: str
    last: str
    answer: str = "right"
    writes: bool = False
    days: int = 0

    @property
    def number(self) -> int:
        """The number in the id, from which the platforms' own numbers are made here."""
        return int(self.id[1:])

    @property
    def email(self) -> str:
        return f"{self.id}@x.edu"

    def points(self, by_hand: Mapping[str, float]) -> float:
        """The mark: tests, with those of a person in their place, and 10 percent less per day, at most 50."""
        mean, pure, halving = EARNS[self.answer]
        earned = mean + pure + by_hand.get("test_halving", halving) + by_hand.get("written_why", 0)
        return earned * (100 - min(10 * self.days, 50)) / 100


NAMED = (
    # from Canvas, which says that work is late but not when it came
    Person("s01", "Jane", "Doe", writes=True),
    Person("s02", "Zoë", "O'Neil-Smith", "sum"),
    Person("s03", "小明", "李"),
    Person("s04", "Kim", "Lee"),
    Person("s05", "Kim", "Lee", "in_place"),
    Person("s06", "Wrong", "Lab"),  # hands in the notebook of another lab
    Person("s07", "Text", "Only"),  # hands in no notebook
    Person("s08", "Half", "File"),  # hands in half a notebook
    # from Moodle
    Person("s09", "Jürgen", "Müller"),
    Person("s10", "Ana María", "Núñez", "once"),
    Person("s11", "Lost", "Metadata"),
    # from Gradescope
    Person("s12", "Grace", "Hopper", days=1),
    Person("s13", "Alan", "Turing", "sum", days=3),
    Person("s14", "Very", "Late", days=9),
    # from Blackboard
    Person("s15", "Edsger", "Dijkstra", "once"),
    Person("s16", "Barbara", "Liskov"),
    # in a folder
    Person("s17", "Ada", "Lovelace"),
    Person("s18", "Kurt", "Gödel", writes=True),
    Person("s19", "Emmy", "Noether"),
    # hands in nothing
    Person("s20", "No", "Show"),
)
# The crowd, by where they hand in; names that trouble files, tables and terminals first.
CANVAS = ("Eve|Smith, Jr.", 'Jo|von "B" Berg', "Ann|=SUM(A1)", "Bob|+49", "Uma|@home", "Nested|Zip", "New|Comer", *8 * ("",))
MOODLE = ("אבי|כהן", "😀|Emoji", "İpek|Çelik", "Łukasz|Żak", "María José|de la Cruz", *7 * ("",))
ELSEWHERE = {"gradescope": 6 * ("",), "blackboard": (f"{'Long' * 75}|Name", *4 * ("",)), "folders": 6 * ("",)}


def _crowd() -> Iterator[tuple[str, Person]]:
    """Yield (platform, person), with every kind of answer on every platform."""
    number = len(NAMED)
    for platform, names in {"canvas": CANVAS, "moodle": MOODLE, **ELSEWHERE}.items():
        for name, answer in zip(names, cycle(EARNS), strict=False):
            number += 1
            first, last = name.split("|") if name else (f"First{number}", f"Last{number}")
            yield platform, Person(f"s{number}", first, last, answer)


_CROWD = tuple(_crowd())
CLASS = {person.id: person for person in (*NAMED, *(person for _, person in _CROWD))}
WITHOUT = {"s06", "s07", "s08", "s20"}  # no notebook of the lab, so no mark
HANDED_IN = CLASS.keys() - WITHOUT
UNMARKED = {"s18"}  # the written answer is left unmarked
LATER = next(
    person.id for person in CLASS.values() if person.last == "Comer"
)  # comes onto the roster in the middle of the week


class Downloads:
    """What the platforms let the instructor download."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self._made: dict[tuple[str, bool, bool], bytes] = {}  # many students write the same

    def notebook(self, student: str, *, answer: str = "", lost: bool = False) -> bytes:
        person = CLASS[student]
        key = (answer or person.answer, person.writes, lost)
        if key not in self._made:
            code = {**reference_sources(self.lab), **CODE[key[0]]} if key[0] in CODE else {}
            made = solve(self.lab, code)
            if not person.writes:
                for cell, node in zip(self.lab.cells, made.cells, strict=True):
                    node.source = "" if cell.role == "written" else node.source
            self._made[key] = json.dumps(without_metadata(made) if lost else made).encode()
        return self._made[key]

    def zip(self, name: str, files: Mapping[str, bytes]) -> Path:
        self.folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(self.folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, data in files.items():
                archive.writestr(zipfile.ZipInfo(entry, (2026, 11, 20, 20, 0, 0)), data)
        return self.folder / name

    def _crowd(self, platform: str) -> list[Person]:
        return [person for where, person in _CROWD if where == platform]

    def canvas(self) -> Path:
        other = json.loads(self.notebook("s06"))
        other["metadata"]["coursekit"]["lab"] = "lab01_perceptron"
        for cell in other["cells"]:
            cell["metadata"].pop("nbgrader", None)
        crowd: dict[str, bytes] = {}
        for person in self._crowd("canvas"):
            sortable = "".join(c for c in f"{person.last}{person.first}".lower() if c.isalnum())
            head = f"{sortable}_{1000 + person.number}_{9000 + person.number}"
            if person.last == "Zip":
                crowd[f"{head}_my work.zip"] = self._nested(person.id)
            else:
                crowd[f"{head}_{LAB}.ipynb"] = self.notebook(person.id)
        return self.zip(
            "nn-toy_submissions.zip",
            {
                f"doejane_1001_9001_{LAB}-1.ipynb": self.notebook("s01"),
                "oneilsmithzoë_LATE_1002_9002_Copy of lab.ipynb": self.notebook("s02"),
                f"李小明_1003_9003_{LAB}.ipynb": self.notebook("s03"),
                f"leekim_2004_9004_{LAB}.ipynb": self.notebook("s04"),
                f"leekim_2005_9005_{LAB}.ipynb": self.notebook("s05"),
                f"labwrong_1006_9006_{LAB}.ipynb": json.dumps(other | {"cells": other["cells"][:1]}).encode(),
                "onlytext_1007_text.html": b"<p>I did it",
                f"filehalf_1008_9008_{LAB}.ipynb": self.notebook("s08")[:500],
                "guestabc_3000_9010_lab.ipynb": self.notebook("s03"),
                f"__MACOSX/._doejane_1001_9001_{LAB}-1.ipynb": b"\0",
                ".DS_Store": b"\0",
                "../../evil_1002_9999_lab.ipynb": self.notebook("s02"),
                **crowd,
            },
        )

    def _nested(self, student: str) -> bytes:
        """What a student zipped: the notebook and helpers whose names clash on some systems."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("handed in/my lab.ipynb", self.notebook(student))
            for helper in ("handed in/Data.csv", "handed in/data.csv", "__MACOSX/handed in/._my lab.ipynb"):
                archive.writestr(helper, helper)
        return made.getvalue()

    def half_of_canvas(self) -> Path:
        whole = self.canvas().read_bytes()
        (self.folder / "half_submissions.zip").write_bytes(whole[: len(whole) // 2])
        return self.folder / "half_submissions.zip"

    def canvas_of_last_week(self) -> Path:
        return self.zip("older_submissions.zip", {f"doejane_1001_8001_{LAB}.ipynb": self.notebook("s01", answer="sum")})

    def moodle(self) -> Path:
        crowd = {
            f"{person.first} {person.last}_{300 + person.number}_assignsubmission_file/{LAB}.ipynb": self.notebook(person.id)
            for person in self._crowd("moodle")
        }
        return self.zip(
            "NN-Toy-17.zip",
            {
                "Jürgen Müller_309_assignsubmission_file/a/my lab.ipynb": self.notebook("s09"),
                f"Ana María Núñez_310_assignsubmission_file_/{LAB}.ipynb": self.notebook("s10"),
                f"Lost Metadata_311_assignsubmission_file/{LAB}.ipynb": self.notebook("s11", lost=True),
                **crowd,
            },
        )

    def gradescope(self) -> Path:
        times = {"s12": "2026-11-20 18:16:00", "s13": "2026-11-23 18:15:00", "s14": "2026-11-29 12:00:00"}
        times |= {person.id: "2026-11-20 18:15:00" for person in self._crowd("gradescope")}  # the last second of the grace time
        rows = "".join(
            f"submission_{n}:\n  :submitters:\n  - :name: {CLASS[student].first} {CLASS[student].last}\n    :sid: {student}\n"
            f"    :email: {student}@x.edu\n  :created_at: {time}.000000000 Z\n  :score: 0.0\n"
            for n, (student, time) in enumerate(times.items(), start=1)
        )
        files = {f"submission_{n}/lab.ipynb": self.notebook(student) for n, student in enumerate(times, start=1)}
        listing = {"submission_metadata.yml": rows.encode()}
        return self.zip("export.zip", {f"assignment_5_export/{name}": data for name, data in {**files, **listing}.items()})

    def blackboard(self) -> Path:
        head = "Toy_Lab_{}_attempt_2026-11-{}-10-00-00"
        crowd = {f"{head.format(p.id, '18')}_lab.ipynb": self.notebook(p.id) for p in self._crowd("blackboard")}
        return self.zip(
            "gradebook_nn_toy.zip",
            {
                f"{head.format('s15', '17')}_{LAB}.ipynb": self.notebook("s15", answer="sum"),
                f"{head.format('s15', '18')}_{LAB}.ipynb": self.notebook("s15"),
                f"{head.format('s15', '18')}.txt": b"Name: Edsger Dijkstra (s15)",
                f"{head.format('bar_li', '18')}_{LAB}.ipynb": self.notebook("s16"),
                **crowd,
            },
        )

    def folders(self) -> Path:
        place = self.folder / "by hand"
        names = {"s17": "s17/work.ipynb", "s18": "Kurt Gödel/lab.ipynb", "s19": f"{LAB}-s19-20261120T101500.ipynb"}
        names |= {person.id: f"{person.email}/{LAB}.ipynb" for person in self._crowd("folders")}
        for student, name in names.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(self.notebook(student))
        return place
