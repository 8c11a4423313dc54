"""What runs in the environment of a set: `python -m tests.matrix.inside LAB…` proves labs and prints what it found as JSON.

The last line of the output is the JSON: `versions`, `isolation`, and `labs` with the problems of each. Knows nothing of sets.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from typing import Any

from tests.matrix.sets import ROOT

__all__ = ["main"]

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "ipython")


def main(labs: Sequence[str], one_of: int) -> dict[str, Any]:
    """Prove labs on drawn data at the reduced budget.

    Args:
        labs: Their ids.
        one_of: Try one of so many known answers.

    Returns:
        What was found, as the module says.
    """
    from autograder.authoring.verify import Effort, verify
    from autograder.errors import AutograderError
    from autograder.grading.environment import isolation
    from autograder.grading.options import Options
    from autograder.labs.source import load_lab
    from coursekit._versions import package_version

    effort = Effort(repeats=3, seeds=1, draws=1, examined=4, twins="none", trained=one_of, answers=one_of)
    found: dict[str, list[str]] = {}
    for name in labs:
        try:
            checks = verify(load_lab(ROOT / "labs" / name), Options("drawn", fast=True), effort)
            found[name] = [f"{check.name}: {problem}" for check in checks for problem in check.problems]
        except AutograderError as error:
            found[name] = [str(error)]
        print(f"{name}: {len(found[name])} problems", flush=True)
    versions = {package: package_version(package) for package in PACKAGES if package_version(package)}
    return {"versions": {"python": platform.python_version(), **versions}, "isolation": isolation(), "labs": found}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("labs", nargs="+")
    parser.add_argument("--one-of", type=int, default=1)
    asked = parser.parse_args()
    print(json.dumps(main(asked.labs, asked.one_of)), flush=True)
    sys.stdout.flush()
    os._exit(0)  # an orderly end of all backends would take seconds
