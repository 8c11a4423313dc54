"""Read submissions in a separate process with limited memory and time, so that no file can harm the grader.

The process is started for the first file, reused for later files, and replaced when it ends. It runs
no code of students and sends back plain data of bounded size. This module knows files, limits and
the checks of a submission.
"""

from __future__ import annotations

import atexit
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from autograder.errors import UnreadableError
from autograder.grading.submissions.submission import Submission, read_submission_here, released_cells
from autograder.grading.verdict import Flag
from autograder.labs.model import Lab
from autograder.notebooks.io import read_lean, shown

__all__ = ["Recognised", "UnreadableError", "read_submission", "recognise"]

MEMORY = 1_500 * 2**20  # bytes in addition to what the process uses when it starts
CPU_SECONDS = 10  # processor time per file
SECONDS = 120.0  # duration per file, long because the machine may be busy
MAX_REPLY = 160 * 2**20  # bytes
WORN = 600 * 2**10  # kilobytes: a process that used more memory than this is replaced


@dataclass(frozen=True)
class Recognised:
    """What a file says about itself.

    Attributes:
        lab: Id of the lab in its metadata; "" if there is none.
        known: Number of the requested grade ids that its cells have.
        error: Why it cannot be read; "" if it can be read.
    """

    lab: str = ""
    known: int = 0
    error: str = ""


def read_submission(lab: Lab, path: Path, *, pictures: bool = False, look: bool = True) -> Submission:
    """Read, repair and check a submission in the separate process.

    Args:
        lab: The lab.
        path: Path of the notebook.
        pictures: Whether to keep the submitted cells with their pictures too.
        look: Whether to look through the code too, for what may be skipped and what is suspicious.
            Only grading needs it, and it takes most of the time.

    Returns:
        The repaired submission, with suspicious places as flags. Without a look, `skippable` and
        `odd` are empty.

    Raises:
        UnreadableError: The file cannot be read or is not a submission to the lab.
    """
    with _reader.lock:
        _reader.ask(
            {"do": "submission", "path": os.path.abspath(path), "pictures": pictures, "look": look, **_reader.news_of(lab)}
        )
        facts = _reader.answer(path)
        cells = tuple(_reader.answer(path)["cells"]) if pictures else ()
        looked = _reader.answer_if_any()
    code = tuple((int(index), str(source)) for index, source in facts["code"])
    roles = {index: lab.cells[index] for index, _ in code if index >= 0}
    exercises = {roles[i].name: source for i, source in code if i >= 0 and roles[i].role == "exercise"}
    flags, blank = _flags(facts["flags"]), frozenset(facts["blank"])
    windows = frozenset(facts["windows"])
    work = Submission(code, exercises, facts["written"], flags, facts["needs_review"], blank, windows=windows, cells=cells)
    if not look:
        return work
    if looked is None:
        said = "the cells could not be looked through, for that took too long: please look"
        return replace(work, odd=(Flag("suspicious", (), said),))
    return replace(work, skippable=frozenset(looked["skippable"]), odd=_flags(looked["odd"]))


def recognise(path: Path, ids: Iterable[str] = ()) -> Recognised:
    """Find out which lab a notebook belongs to.

    Args:
        path: Path of the notebook.
        ids: Grade ids of the lab that it may belong to.

    Returns:
        What the file says about itself. Errors are returned in `error` and not raised.
    """
    with _reader.lock:
        try:
            _reader.ask({"do": "recognise", "path": os.path.abspath(path), "ids": frozenset(ids)})
            return Recognised(**_reader.answer(path))
        except UnreadableError as error:
            return Recognised(error=str(error))


def _flags(facts: Iterable[Mapping[str, Any]]) -> tuple[Flag, ...]:
    return tuple(Flag(fact["kind"], tuple(fact["cells"]), fact["message"]) for fact in facts)


# ── the grader's side ────────────────────────────────────────────────────────────────────────────────────────────────


class _EndedError(Exception):
    """The process ended, or was killed, before it answered."""


class _Reader:
    """The reading process. Hold `lock` to use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._lab: Lab | None = None
        self._deadline = 0.0

    def news_of(self, lab: Lab) -> dict[str, Any]:
        """Return what the process needs to know about the lab; nothing if it was sent before."""
        self._live()
        if lab is self._lab:
            return {}
        self._lab = lab
        return {"lab": replace(lab, answers=(), beside=()), "released": released_cells(lab)}

    def ask(self, request: Mapping[str, Any]) -> None:
        """Send a request to the process."""
        self._live().send_bytes(pickle.dumps(request))
        self._deadline = time.monotonic() + SECONDS

    def answer(self, path: Path) -> dict[str, Any]:
        """Return the answer of the process about a file. Raises UnreadableError."""
        try:
            said = self._receive()
        except _EndedError:
            raise UnreadableError(
                f"{shown(path.name)}: reading it took more than {CPU_SECONDS} seconds or {MEMORY >> 20} MB of memory; "
                "clear all outputs in the notebook, save it and submit it again"
            ) from None
        if "unreadable" in said:
            raise UnreadableError(said["unreadable"])
        return said

    def answer_if_any(self) -> dict[str, Any] | None:
        """Return the next answer of the process, or None if it failed or ended."""
        try:
            said = self._receive()
        except _EndedError:
            return None
        return None if "unreadable" in said else said

    def close(self) -> None:
        """End the process."""
        if self._connection is not None and self._process is not None:
            self._connection.close()
            self._process.kill()
            self._process.wait()
        self._process = self._connection = self._lab = None

    def _receive(self) -> dict[str, Any]:
        connection = self._connection
        try:
            if connection is not None and connection.poll(max(0.0, self._deadline - time.monotonic())):
                said = json.loads(connection.recv_bytes(MAX_REPLY))
                if said.pop("last", False):
                    self.close()
                return said
        except (OSError, EOFError):
            pass
        self.close()
        raise _EndedError

    def _live(self) -> Connection:
        if self._connection is not None and self._process is not None and self._process.poll() is None:
            return self._connection
        # Only here: Windows, where the tests of the students' side import this module, cannot import the sandbox.
        from autograder.sandbox.interpreters import clean_environment, command

        self.close()
        ours, theirs = Pipe()
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                command("autograder.grading.submissions.reading", "serve", str(number)),
                pass_fds=[number],
                env={**clean_environment(), "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches only the grader; this process ends when its connection is closed
            )
        self._connection = ours
        return ours


_reader = _Reader()
atexit.register(_reader.close)


# ── the process's side ───────────────────────────────────────────────────────────────────────────────────────────────


def serve() -> None:
    """Answer requests on the file descriptor in the first command-line argument until its other end is closed."""
    from autograder.grading import plan  # noqa: F401  loaded before memory is limited
    from autograder.grading.submissions import suspicions  # noqa: F401  loaded before memory is limited

    connection = Connection(int(sys.argv[1]))
    _limit_memory()
    lab: Lab | None = None
    released: Any = ()
    while True:
        try:
            request = pickle.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        _limit_time()
        lab, released = request.get("lab", lab), request.get("released", released)
        try:
            for answer in _answers(request, lab, released):
                connection.send_bytes(json.dumps(answer, ensure_ascii=False).encode())
        except UnreadableError as error:
            connection.send_bytes(json.dumps({"unreadable": str(error), "last": _worn()}).encode())
        except MemoryError:
            return
        except Exception as error:
            said = f"{shown(Path(request['path']).name)}: the grader itself failed on this file: {shown(repr(error))}"
            connection.send_bytes(json.dumps({"unreadable": said}).encode())


def _answers(request: Mapping[str, Any], lab: Lab | None, released: Any) -> Iterable[dict[str, Any]]:
    path = Path(request["path"])
    if request["do"] == "recognise":
        yield {**asdict(_recognised(path, request["ids"])), "last": _worn()}
    else:
        assert lab is not None
        work = read_submission_here(lab, path, released, pictures=request["pictures"])
        yield {
            "code": work.code,
            "written": work.written,
            "flags": [asdict(f) for f in work.flags],
            "needs_review": work.needs_review,
            "blank": sorted(work.blank),
            "windows": sorted(work.windows),
        }
        if request["pictures"]:
            yield {"cells": work.cells}
        yield {**(_looked_through(lab, work) if request["look"] else {}), "last": _worn()}


def _looked_through(lab: Lab, work: Submission) -> dict[str, Any]:
    from autograder.grading.plan import skippable
    from autograder.grading.submissions.suspicions import find_suspicious

    return {
        "skippable": sorted(skippable(lab, work.code)),
        "odd": [asdict(flag) for flag in find_suspicious(_own_words(lab, work.code))],
    }


def _own_words(lab: Lab, code: Sequence[tuple[int, str]]) -> list[tuple[str, str]]:
    """Return (grade id, source) of the cells that the student wrote or may have changed."""
    cells = [(lab.cells[index] if index >= 0 else None, source) for index, source in code]
    return [
        (cell.grade_id if cell else "", source) for cell, source in cells if cell is None or cell.role in ("exercise", "code")
    ]


def _recognised(path: Path, ids: frozenset[str]) -> Recognised:
    notebook = read_lean(path)
    stated = notebook["metadata"].get("coursekit", {}).get("lab")
    noted = {cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in notebook["cells"]}
    return Recognised(shown(stated) if isinstance(stated, str) else "", len(ids & noted))


def _worn() -> bool:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > WORN


def _limit_memory() -> None:
    import resource

    used = (
        int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        if Path("/proc/self/statm").exists()
        else 0
    )
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (0, 0))


def _limit_time() -> None:
    """Let the kernel end this process when it uses too much processor time for one file."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + CPU_SECONDS + 1, most))
