"""`python -m tests.matrix`: the course with each supported set of versions, as one table.

    python -m tests.matrix                        all sets, all labs
    python -m tests.matrix oldest colab           these sets
    python -m tests.matrix oldest --lab lab02_mlp --no-tests
    python -m tests.matrix --list                 the sets, and whether their environment is there
    python -m tests.matrix --table --write docs/platforms.md   the table of what was run before, into a page

`make matrix SETS="oldest colab"` is the same. Environments and results are kept in `.matrix/`; the table holds the last result of each
set. The exit status is 1 if a set failed, 2 for wrong usage. A set that this machine cannot have is a row that says so, and no failure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.matrix.environments import FOLDER
from tests.matrix.runs import TESTS, run
from tests.matrix.sets import ROOT, SetError, VersionSet, chosen, declared, read_sets
from tests.matrix.table import placed, table

LABS = sorted(path.parent.name for path in (ROOT / "labs").glob("*/lab.py"))


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for and return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        sets = read_sets()
        wanted = chosen(sets, asked.sets)
    except SetError as error:
        print(error, file=sys.stderr)
        return 2
    if strangers := [lab for lab in asked.lab if lab not in LABS]:
        print(f"there is no lab {', '.join(strangers)}; the labs are {', '.join(LABS)}", file=sys.stderr)
        return 2
    if asked.list:
        print("\n".join(_listed(one) for one in wanted))
        return 0
    failed = False
    for one in () if asked.table else wanted:
        print(
            f"{one.name}: Python {one.python}, {one.backend}, {', '.join(one.pins) or 'the newest of everything'}", flush=True
        )
        result = run(one, asked.lab or LABS, tests=() if asked.no_tests else TESTS, one_of=asked.one_of, fresh=asked.fresh)
        _result(one).parent.mkdir(parents=True, exist_ok=True)
        _result(one).write_text(json.dumps(result, indent=1), encoding="utf-8")
        failed |= _failed(result)
    text = table([json.loads(_result(one).read_text(encoding="utf-8")) for one in sets.values() if _result(one).exists()])
    print(text)
    return _write(asked.write, text) or int(failed)


def _write(page: Path | None, text: str) -> int:
    """Put the table into a page, if there is one, and return the exit status."""
    if page is None:
        return 0
    try:
        page.write_text(placed(page.read_text(encoding="utf-8"), text), encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"{page}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.matrix", description="The course with each supported set of versions."
    )
    parser.add_argument("sets", nargs="*", help="names of sets; none means all")
    parser.add_argument("--list", action="store_true", help="list the sets and end")
    parser.add_argument("--lab", action="append", default=[], metavar="LAB", help="prove only this lab; may be repeated")
    parser.add_argument("--one-of", type=int, default=6, metavar="N", help="try one of N known answers (default 6; 1: all)")
    parser.add_argument("--no-tests", action="store_true", help="only prove labs")
    parser.add_argument("--fresh", action="store_true", help="make the environments anew, with the newest versions of today")
    parser.add_argument("--table", action="store_true", help="run nothing: the table of earlier results")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="also put the table into this page")
    return parser


def _result(one: VersionSet) -> Path:
    return FOLDER / "results" / f"{one.name}.json"


def _failed(result: dict[str, Any]) -> bool:
    if result.get("missing"):
        return False
    return any(result["labs"].values()) or bool((result["tests"] or {"failed": []})["failed"])


def _listed(one: VersionSet) -> str:
    key = one.key(declared())
    there = "made" if (FOLDER / f"{one.name}-{key}" / ".made").exists() else "not made yet"
    return f"{one.name:14}Python {one.python:6}{one.backend:12}{there:14}{', '.join(one.pins) or 'the newest of everything'}"


if __name__ == "__main__":
    os.chdir(ROOT)
    raise SystemExit(main(sys.argv[1:]))
