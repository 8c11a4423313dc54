"""What grading needs to know of a lab, worked out once for a whole class.

It depends on the lab, the options and this machine alone, never on a submission. This module runs the
lab's own data cells if needed; it does not know submissions or marks.
"""

from __future__ import annotations

from dataclasses import dataclass

from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import Reexaminer
from autograder.grading.environment import limits, prepare_environment
from autograder.grading.options import Options
from autograder.labs.model import Lab

__all__ = ["PreparedLab", "prepare_lab"]


@dataclass(frozen=True)
class PreparedLab:
    """A lab that is ready to grade submissions.

    Attributes:
        lab: The lab.
        options: Grading options.
        environment: Environment of the processes that run a notebook.
        limits: Resource limits of one notebook.
    """

    lab: Lab
    options: Options
    environment: Environment
    limits: Limits

    def reexaminer(self) -> Reexaminer:
        """Create a process that runs changed tests on cached values. It has to be closed."""
        return Reexaminer(self.limits, self.environment)


def prepare_lab(lab: Lab, options: Options) -> PreparedLab:
    """Prepare a lab for grading.

    Args:
        lab: The lab.
        options: Grading options.

    Returns:
        The prepared lab.

    Raises:
        IsolationError: The machine does not support the isolation level in `options`.
        NoDataError: The data sets of the lab cannot be loaded.
    """
    return PreparedLab(lab, options, prepare_environment(lab, options), limits(lab, options))
