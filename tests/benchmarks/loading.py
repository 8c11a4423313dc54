"""Time of `import coursekit`, and of loading Fashion-MNIST from a warm cache against decoding the official files.

Run as `python -m tests.benchmarks.loading`, with the real files within reach (COURSEKIT_MIRROR). Prints its figures last, one
`name=value` a line. Both sides of each ratio are measured in the same run, taking turns.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["main"]

ROUNDS = 9


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interpreter(code: str) -> float:
    """Seconds of a fresh interpreter that runs `code`."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True))


def import_seconds() -> float:
    """What `import coursekit` adds to the start of an interpreter."""
    pairs = [(interpreter("import coursekit"), interpreter("pass")) for _ in range(ROUNDS)]
    return statistics.median(whole for whole, _ in pairs) - statistics.median(bare for _, bare in pairs)


def loading_seconds(folder: Path) -> dict[str, float]:
    """Seconds of the first load into an empty cache, of a warm load, of one that reads every byte, and of decoding the gz files."""
    import dataclasses

    from coursekit import data
    from coursekit.data import decode
    from coursekit.data.cache import Cache

    settings = dataclasses.replace(data.Settings.from_environment(), cache=Cache(folder), mode="real")
    first = seconds(lambda: data.load_fashion_mnist(settings=settings))
    files = [folder / "fashion-mnist" / file.name for file in settings.registry["fashion-mnist"].files]

    def load() -> data.Splits:
        return data.load_fashion_mnist(settings=settings)

    def load_and_read() -> None:
        splits = load()
        for X in (splits.X_train, splits.X_valid, splits.X_test):
            X.max()

    work = {"warm": load, "read": load_and_read, "decode": lambda: [decode.idx(path) for path in files]}
    rounds = [{name: seconds(part) for name, part in work.items()} for _ in range(ROUNDS)]
    return {"first": first, **{name: statistics.median(times[name] for times in rounds) for name in work}}


def drawing_seconds() -> float:
    from coursekit import drawn

    return seconds(drawn.fashion_mnist)


def main() -> None:
    importing = import_seconds()
    with tempfile.TemporaryDirectory() as folder:
        loading = loading_seconds(Path(folder))
    drawing = drawing_seconds()
    print(f"import_seconds={importing:.4f}")
    print(f"first_load_seconds={loading['first']:.3f}")
    print(f"decode_seconds={loading['decode']:.4f}")
    print(f"warm_seconds={loading['warm']:.5f}")
    print(f"warm_read_seconds={loading['read']:.5f}")
    print(f"speedup_reading_every_byte={loading['decode'] / loading['read']:.1f}")
    print(f"speedup={loading['decode'] / loading['warm']:.1f}")
    print(f"draw_seconds={drawing:.1f}")


if __name__ == "__main__":
    main()
