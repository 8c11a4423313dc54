"""Handing in a lab: `submit` finds the notebook, repairs and runs it, and writes the one file to hand in.

Knows notebooks as plain JSON, in the form of nbgrader's schema 3. Knows nothing of hidden tests or marks.
"""

from __future__ import annotations

from coursekit.submission.errors import SubmissionError
from coursekit.submission.handing_in import submit

__all__ = ["SubmissionError", "submit"]
