"""Clones of repositories: of Classroom 50, `CLASSROOM-ASSIGNMENT-USER`, of GitHub Classroom, `ASSIGNMENT-USER`, or plain ones.

The user may hold `-`, as the assignment may, so every text after a `-` may be the user; the roster
decides. The time is that of the last commit, which git is asked for.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece

__all__ = ["parse", "repository_of"]

SECONDS = 20
# A repository's own settings may name programs to run; these win over them.
_HARMLESS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false", "core.alternateRefsCommand=true")


def repository_of(download: Download, name: str) -> str | None:
    """Return the folder of the repository that a file belongs to, or None."""
    within = [folder for folder in download.repositories if name.startswith(f"{folder}/")]
    return min(within, key=len, default=None)


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file of a repository, or of a folder if there are no repositories."""
    times: dict[str, datetime | None] = {}
    for entry in download.entries:
        folder = repository_of(download, entry.name) if download.repositories else entry.name.rpartition("/")[0].split("/")[0]
        if not folder:
            continue
        if folder not in times:
            times[folder] = _last_commit(download.path / folder) if download.repositories else None
        own = folder.rpartition("/")[2]
        parts = own.split("-")
        person = Person(who=own, logins=tuple("-".join(parts[i:]) for i in range(len(parts))))
        file = entry.name[len(folder) + 1 :]
        yield "git", Piece(entry, person, file, folder, {"repository": own}, times[folder])


def _last_commit(folder: Path) -> datetime | None:
    """Return when the last commit of a clone was made; None if git does not say."""
    settings = [part for setting in _HARMLESS for part in ("-c", setting)]
    try:
        said = subprocess.run(
            ["git", "-C", str(folder), *settings, "--no-pager", "log", "-1", "--format=%cI", "--no-show-signature"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
        )
        when = datetime.fromisoformat(said.stdout.strip().replace("Z", "+00:00"))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return when if when.tzinfo else None
