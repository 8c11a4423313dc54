"""Memory is collected in huge pages without a change of its content."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

COLLAPSE = """
import json, os
from pathlib import Path
from autograder.worker.hugepages import HUGE, collapse

def in_huge_pages():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("AnonHugePages")).split()[1])

content = b"0123456789abcdef" * (4 * HUGE)
before = in_huge_pages()
collected = collapse()
after, same = in_huge_pages(), content == b"0123456789abcdef" * (4 * HUGE)
if not os.fork():
    os._exit(0 if content[-16:] == b"0123456789abcdef" else 1)
print(json.dumps([collected, after - before, same, os.wait()[1], HUGE]))
"""


LINUX = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])


@pytest.mark.skipif(
    LINUX < (6, 1) or not Path("/sys/kernel/mm/transparent_hugepage").exists(),
    reason="needs huge pages on advice, as Linux 6.1 has them",
)
def test_nothing_changes_but_the_size_of_the_pages() -> None:
    ended = subprocess.run([sys.executable, "-c", COLLAPSE], capture_output=True, text=True, timeout=60, check=True)
    collected, more, same, child, huge = json.loads(ended.stdout)
    assert same
    assert child == 0
    assert collected % huge == 0
    assert collected > 0
    assert more > 0
