"""Collect the submissions to a lab: open the downloads, match the people, find the notebooks, and write what is new.

It joins the modules beside it and holds no rule of its own. It prints nothing.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.collecting.archives import open_download
from autograder.collecting.identify import identify
from autograder.collecting.mapping import MAPPING, Unknown, read_mapping, shown_who, write_mapping
from autograder.collecting.matching import Match, match_people
from autograder.collecting.plan import Attempt, Planned, plan_student
from autograder.collecting.report import CollectReport, Line
from autograder.collecting.sources import parse_download
from autograder.collecting.sources.pieces import Person, Piece
from autograder.collecting.write import is_written, lock, mend, place, write_submission
from autograder.course.config import Course
from autograder.course.records import CollectedFile, read_collected, write_collected
from autograder.course.roster import Roster, read_roster
from autograder.errors import CollectError, CourseError
from autograder.labs.model import Lab

__all__ = ["collect_downloads"]

Advance = Callable[[int, int], None]


def collect_downloads(
    course: Course,
    lab: Lab,
    sources: Sequence[Path],
    *,
    kind: str = "",
    pattern: str = "",
    dry_run: bool = False,
    advance: Advance = lambda done, total: None,
) -> CollectReport:
    """Collect the submissions to a lab from downloads of a learning platform.

    Args:
        course: The course.
        lab: The lab.
        sources: Zips and folders.
        kind: Kind of all downloads; "" to find out.
        pattern: A regular expression for the names in them; "" for none.
        dry_run: Whether to write nothing.
        advance: Is told how many of the submissions were read.

    Returns:
        What was found and done.

    Raises:
        CollectError: A download cannot be used, or the course cannot be written to; what was
            written before is whole and stays.
        CourseError: The roster or the record of earlier runs cannot be used.
    """
    roster = read_roster(course.roster_file)
    if not roster.students:
        raise CollectError(f"{course.roster_file}: no students in it; write the class into it, so that work finds its student")
    with nullcontext() if dry_run else lock(course), _scratch() as scratch:
        work = _Collecting(course, lab, roster)
        for number, source in enumerate(sources):
            with _said(f"unpacking {source}", "make room in the temporary folder, or name another one in TMPDIR"):
                work.read(source, scratch / str(number), kind, pattern)
        work.match()
        work.identify(advance)
        planned = work.plan(read_collected(course, lab.id), dry_run)
        added = 0 if dry_run else work.write(planned)
        lines = sorted(work.lines, key=lambda line: not line.needs_person)
        return CollectReport(lab.id, work.kinds, work.counts, tuple(planned), tuple(lines), added)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="collecting-") as folder:
        yield Path(folder)


@contextmanager
def _said(doing: str, cure: str) -> Iterator[None]:
    """Turn an error of the system into a sentence."""
    try:
        yield
    except OSError as error:
        raise CollectError(f"{doing}: {error.strerror or error}; {cure}, and run the same command again") from error


@dataclass
class _Handed:
    """One attempt of one person, as it was downloaded."""

    kind: str
    archive: str
    person: Person
    pieces: list[Piece] = field(default_factory=list)


class _Collecting:
    """The state of a run."""

    def __init__(self, course: Course, lab: Lab, roster: Roster) -> None:
        self.course, self.lab, self.roster = course, lab, roster
        self.kinds: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.lines: list[Line] = []
        self.unknown: list[Unknown] = []
        self._handed: dict[tuple[str, str, str, str], _Handed] = {}
        self._of_student: dict[str, list[_Handed]] = defaultdict(list)
        self._attempts: dict[str, list[Attempt]] = {}

    def read(self, source: Path, scratch: Path, kind: str, pattern: str) -> None:
        """Open a download and read its names."""
        parsed = parse_download(open_download(source, scratch), kind, pattern)
        archive = source.resolve().name
        self.kinds[str(source)] = parsed.kind
        for recorded, piece in parsed.pieces:
            key = (str(source), parsed.kind, piece.person.who, piece.attempt_key)
            self._handed.setdefault(key, _Handed(recorded, archive, piece.person)).pieces.append(piece)
        self.lines += [Line("not taken", left.name, left.reason) for left in parsed.left]

    def match(self) -> None:
        """Find out who the people are."""
        told = read_mapping(self.course.folder / MAPPING)
        by_kind: dict[str, list[_Handed]] = defaultdict(list)
        for (_, kind, _, _), handed in self._handed.items():
            by_kind[kind].append(handed)
        for kind, group in by_kind.items():
            people = list(dict.fromkeys(handed.person for handed in group))
            mapping = {person.who: told.get(kind, {}).get(shown_who(person.who), "") for person in people}
            matches = match_people(people, self.roster, mapping)
            self.counts["found"] += len({person.who for person in people})
            for handed in group:
                if student := matches[handed.person].student:
                    self._of_student[student.id].append(handed)
            self._note_unmatched(kind, matches, {handed.person: handed for handed in group})
        self.counts["matched"] = len(self._of_student)
        if self._handed and not self._of_student:
            said = "none of these people is on it; is this the download, or the roster, of another course?"
            self.lines.insert(0, Line("nobody matched", self.course.roster_file.name, said))

    def _note_unmatched(self, kind: str, matches: dict[Person, Match], handed: dict[Person, _Handed]) -> None:
        for person, match in matches.items():
            if match.student or match.skipped:
                continue
            meant = ", ".join(f"{student.id} ({student.name})" for student in match.candidates)
            self.counts["unmatched"] += 1
            self.unknown.append(Unknown(kind, person.who, match.reason, meant, handed[person].pieces[0].entry.name))
            said = f"{match.reason}{f': {meant}' if meant else ''}; write the id into {MAPPING}, or `-` for nobody of the class"
            self.lines.append(Line("unmatched", _called(person), said))

    def identify(self, advance: Advance) -> None:
        """Find the lab's notebook in every attempt."""
        total, done = sum(map(len, self._of_student.values())), 0
        for student, group in sorted(self._of_student.items()):
            attempts = []
            for handed in group:
                found = identify(handed.pieces, self.lab)
                attempts.append(Attempt(handed.kind, handed.archive, tuple(handed.pieces), found))
                done += 1
                advance(done, total)
            self._choose(student, attempts)

    def _choose(self, student: str, attempts: list[Attempt]) -> None:
        """Keep the attempts that hold the lab's notebook, and note what is odd about the others."""
        good = [attempt for attempt in attempts if attempt.found.notebook]
        if good:
            self._attempts[student] = good
            return
        found = next((a.found for a in attempts if a.found.problem != "no notebook"), attempts[0].found)
        self.counts[found.problem] += 1
        self._say(found.problem, student, f"{found.said}; nothing of this student was collected for {self.lab.id}")

    def plan(self, before: Sequence[CollectedFile], dry_run: bool) -> list[Planned]:
        """Decide what happens to each student's submission."""
        self._before = {record.student: record for record in before}
        planned = []
        for student, attempts in self._attempts.items():
            if not dry_run:
                with _said(f"{place(self.course, student, self.lab.id)}", "grant access"):
                    mend(self.course, self.lab.id, student)
            plan = self._settled(plan_student(student, attempts, self._before.get(student)))
            if plan is not None:
                planned.append(plan)
                self._note(student, attempts, plan)
        return planned

    def _settled(self, plan: Planned) -> Planned | None:
        """Compare the plan with what lies in its place; None if that came from elsewhere and must not be lost."""
        student = plan.record.student
        there = place(self.course, student, self.lab.id) / f"{self.lab.id}.ipynb"
        if plan.state == "same" and not is_written(self.course, self.lab.id, plan):
            return replace(plan, state="newer")
        if plan.state != "new" or not there.parent.exists():
            return plan
        if there.is_file() and hashlib.sha256(there.read_bytes()).hexdigest() == plan.record.sha256:
            return replace(plan, state="same") if is_written(self.course, self.lab.id, plan) else plan
        said = f"{there.parent} did not come from `collect`; move it away if the download is to take its place"
        self._say("kept", student, said)
        return None

    def _note(self, student: str, attempts: Sequence[Attempt], plan: Planned) -> None:
        taken = next(attempt.found for attempt in attempts if attempt.found.notebook is plan.notebook)
        if len(attempts) > 1 or taken.others:
            self.counts["twice"] += 1
            more = sum(1 + attempt.found.others for attempt in attempts)
            self._say("twice", student, f"{more} notebooks of the lab; {plan.record.entry} counts, the newest", False)
        if taken.repaired:
            self.counts["repaired"] += 1
            self._say("repaired", student, f"{taken.repaired}; grading repairs it", False)
        if plan.record.late and plan.state != "older":
            self.counts["late"] += 1
            self._say("late", student, f"as the platform says{'' if plan.record.submitted else ', without a time'}", False)
        if plan.state == "older":
            said = f"{plan.record.entry} is older than what was collected before, which stays"
            self._say("older", student, said, False)
        for note in plan.notes:
            self._say("files", student, note)

    def _say(self, kind: str, student: str, said: str, needs_person: bool = True) -> None:
        known = self.roster.get(student)
        name = known.name if known and known.name != student else ""
        self.lines.append(Line(kind, student, said, needs_person, name))

    def write(self, planned: Sequence[Planned]) -> int:
        """Write what is new and the record of it. Returns how many people were added to `mapping.csv`."""
        records = dict(self._before)
        try:
            for plan in planned:
                if plan.state in ("new", "newer"):
                    with _said(f"{place(self.course, plan.record.student, self.lab.id)}", "make room or grant access"):
                        write_submission(self.course, self.lab.id, plan)
                if plan.state != "older" and not (plan.state == "same" and plan.record.student in self._before):
                    records[plan.record.student] = plan.record
        except BaseException:
            with suppress(CourseError):  # the first error counts; the next run finds out by itself what lies there
                self._record(records)
            raise
        self._record(records)
        with _said(f"{self.course.folder / MAPPING}", "make room or grant access"):
            return write_mapping(self.course.folder / MAPPING, self.unknown)

    def _record(self, records: dict[str, CollectedFile]) -> None:
        if records != self._before:
            write_collected(self.course, self.lab.id, list(records.values()))


def _called(person: Person) -> str:
    return f"{person.who} ({person.name})" if person.name and person.name not in person.who else person.who
