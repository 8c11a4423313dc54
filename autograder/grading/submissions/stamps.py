"""Read the time in a `timestamp.txt`, which nbgrader's exchange or an instructor wrote beside a submission.

The gradebook holds nbgrader's own reading of it, because formgrader compares the two.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

__all__ = ["MAX_STAMP", "parse_stamp"]

MAX_STAMP = 100  # characters of the file that are read
_DEFAULTS = (datetime(2000, 1, 1), datetime(2001, 2, 10))  # what dateutil takes for a part that is not there
_OFFSET = re.compile(r"\s+([+-]\d\d):?(\d\d)$")


def parse_stamp(text: str) -> datetime:
    """Parse a time.

    Args:
        text: Date and time, with an offset such as `+01:00` or the name of a time zone; UTC
            without.

    Returns:
        The time in UTC.

    Raises:
        ValueError: The text is no date, or not a whole one, such as "Friday": that would be another day
            whenever it is read.
        OverflowError: The date is out of range.
    """
    from dateutil.parser import parse
    from nbgrader.utils import parse_utc  # slow to import and rarely needed

    # nbgrader takes +0100 after a blank for a number of seconds.
    text = _OFFSET.sub(r"\1:\2", text.strip())
    parts = text.split(" ")
    date = " ".join(parts[:2]) if len(parts) == 3 else text  # nbgrader takes the third for a time zone
    if len({parse(date, default=default).date() for default in _DEFAULTS}) > 1:
        raise ValueError(f"{text!r}: a date needs its year, month and day")
    return parse_utc(text).replace(tzinfo=timezone.utc)
