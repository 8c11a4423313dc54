"""The command line of the project: `autograder --help` lists the commands.

Every command ends with status 0 when all is well; 1 when something needs a person: a lab that is not sound, a submission that
was not graded or not recorded, a test that the instructor's own solution fails; 2 when it was used wrongly, or when what it needs
(a folder, data, isolation, room on the disk) is not there; 130 when Ctrl-C stopped it.
"""

from __future__ import annotations

from autograder.cli import (  # noqa: F401  they add their commands
    authoring,
    collecting,
    course,
    exporting,
    feedback,
    gradescope,
    grading,
    regrading,
    reporting,
)
from autograder.cli.app import app

__all__ = ["app"]
