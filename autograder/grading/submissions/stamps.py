"""Read the time in a `timestamp.txt`, which nbgrader's exchange or an instructor wrote beside a submission.

The gradebook holds nbgrader's own reading of it, because formgrader compares the two.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

__all__ = ["MAX_STAMP", "parse_stamp"]

MAX_STAMP = 100  # characters of the file that are read
_OFFSET = re.compile(r"\s+([+-]\d\d):?(\d\d)$")


def parse_stamp(text: str) -> datetime:
    """Parse a time.

    Args:
        text: Date and time, with an offset such as `+01:00` or the name of a time zone; UTC
            without.

    Returns:
        The time in UTC.

    Raises:
        ValueError: The text is no date.
        OverflowError: The date is out of range.
    """
    from nbgrader.utils import parse_utc  # slow to import and rarely needed

    # nbgrader takes +0100 after a blank for a number of seconds.
    return parse_utc(_OFFSET.sub(r"\1:\2", text.strip())).replace(tzinfo=timezone.utc)
