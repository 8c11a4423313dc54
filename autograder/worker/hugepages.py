"""Collect the memory of a process in huge pages, so that forks of it are cheap.

A fork copies the page tables of its parent, and an exit frees them. With pages of 2 MiB there is one entry
for what needs 512 entries with pages of 4 KiB. The kernel splits a huge page when a fork writes to it, and
then copies only the small page. This module knows the memory of Linux processes; it does not know what a
process is for.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["collapse"]

HUGE = 2 << 20  # bytes
MADV_COLLAPSE = 25  # since Linux 6.1; not in Python's `mmap` module


def collapse() -> int:
    """Collect the private memory of this process in huge pages, as far as the kernel does it.

    This is advice to the kernel: no content changes. It takes about half a second for 300 MB.

    Returns:
        Number of bytes in huge pages that were collected; 0 if the kernel knows no such advice.
    """
    collected = 0
    with suppress(OSError, AttributeError):
        madvise = ctypes.CDLL(None, use_errno=True).madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for start, end in _private():
            for page in range(-(-start // HUGE) * HUGE, end - HUGE + 1, HUGE):
                collected += HUGE if madvise(page, HUGE, MADV_COLLAPSE) == 0 else 0
    return collected


def _private() -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each writable region of memory that is neither shared nor a file."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, rights, _, device, *_ = line.split()
        if rights.startswith("rw-p") and device == "00:00":
            start, end = (int(address, 16) for address in place.split("-"))
            yield start, end
