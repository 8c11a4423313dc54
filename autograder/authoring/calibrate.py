"""Measure the figures that a lab's prose states: mean and band over seeds, ready for `lab.toml`.

Runs the reference solution and nothing else. Knows no submissions and no marks; `verify` checks what was written here.
"""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.errors import LabError
from autograder.execution.limits import Limits
from autograder.execution.runner import run_cells
from autograder.files import write_text
from autograder.grading.environment import variables
from autograder.grading.job import with_budget
from autograder.grading.options import Options
from autograder.labs.model import Lab

__all__ = ["WIDTH", "Measured", "band_name", "calibrate", "write_bands"]

WIDTH = 5.0  # half the width of a band, in standard deviations; wide, because five seeds say little about the spread
LEAST = 0.01  # and at least this share of the mean, for what hardly varies on one machine may vary between machines


@dataclass(frozen=True)
class Measured:
    """One figure over several seeds, in the figure's own unit."""

    name: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """Standard deviation between seeds (n − 1 in the denominator); 0 for one seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def band(self) -> tuple[float, float]:
        """mean ± WIDTH standard deviations, rounded outwards to three digits."""
        half = max(WIDTH * self.deviation, LEAST * abs(self.mean))
        return _outwards(self.mean - half, math.floor, self.mean), _outwards(self.mean + half, math.ceil, self.mean)

    @property
    def toml(self) -> str:
        low, high = self.band
        return f"{{ mean = {self.mean:.4g}, low = {low:.4g}, high = {high:.4g} }}"


def calibrate(
    lab: Lab,
    options: Options,
    seeds: Sequence[int],
    *,
    on_run: Callable[[int, int, float], None] | None = None,
) -> list[Measured]:
    """Run the reference once a seed and return every figure that `lab.toml` has a name for.

    on_run: hears (runs done, runs in all, seconds still to go, judged by the runs so far).
    Raises LabError when a cell of the reference fails or a figure gives no number.
    """
    found: dict[str, list[float]] = {figure.name: [] for figure in lab.settings.figures}
    started = time.monotonic()
    for done, seed in enumerate(seeds, start=1):
        for name, value in _run(lab, replace(options, seed=seed)).items():
            found[name].append(value)
        if on_run:
            on_run(done, len(seeds), (time.monotonic() - started) / done * (len(seeds) - done))
    return [Measured(name, tuple(values)) for name, values in found.items()]


def write_bands(lab: Lab, band: str, measured: Sequence[Measured]) -> list[str]:
    """Put the measured bands into the lab's `lab.toml`, which keeps everything else as it is. Returns the changed lines.

    Only figures that have a line for `band` are written: a figure without one is not checked on that data and budget.
    """
    path = lab.folder / "lab.toml"
    by_name = {figure.name: figure for figure in measured}
    lines, changed, table = path.read_text(encoding="utf-8").split("\n"), [], ""
    for i, line in enumerate(lines):
        if header := re.fullmatch(r"\[(.+)\]", line.strip()):
            table = header[1]
        figure = by_name.get(table.removeprefix("figures.")) if table.startswith("figures.") else None
        if figure and re.match(rf"{band}\s*=\s*\{{", line):
            new = f"{band} = {figure.toml}"
            if new != line:
                lines[i] = new
                changed.append(f"[{table}] {new}")
    write_text(path, "\n".join(lines))
    return changed


def band_name(options: Options, env: Mapping[str, str]) -> str:
    """Which of a figure's bands holds for this budget and data: "real", "drawn", "fast_real" or "fast_drawn"."""
    return ("fast_" if options.fast else "") + env.get("COURSEKIT_DATA", "drawn")


def _run(lab: Lab, options: Options) -> dict[str, float]:
    settings, figures = lab.settings, lab.settings.figures
    cells = [cell for cell in lab.cells if cell.is_code and cell.role != "tests"]
    sources = [with_budget(lab, cell.source, cell.grade_id, fast=options.fast) for cell in cells]
    limits = Limits(settings.cell_seconds, settings.notebook_seconds, settings.memory_mb)
    outcomes = run_cells([*sources, *(figure.value for figure in figures)], limits=limits, env=variables(lab, options))
    for cell, outcome in zip(cells, outcomes, strict=False):
        if outcome.status != "ok":
            raise LabError(
                f"{lab.id}, seed {options.seed}: the reference fails in cell {cell.id}: {outcome.error} {outcome.message}"
            )
    return dict(_values(lab, options.seed, zip(figures, outcomes[len(cells) :], strict=True)))


def _values(lab: Lab, seed: int, pairs: Iterator) -> Iterator[tuple[str, float]]:
    for figure, outcome in pairs:
        if outcome.value is None or not math.isfinite(outcome.value):
            raise LabError(f"{lab.id}, seed {seed}: figure {figure.name}: {figure.value} gave no number: {outcome.message}")
        yield figure.name, outcome.value


def _outwards(value: float, rounding: Callable[[float], int], scale: float) -> float:
    """`value` rounded by `rounding` at the third digit of `scale`."""
    unit = 10.0 ** (math.floor(math.log10(abs(scale))) - 2) if scale else 1.0
    return rounding(value / unit) * unit
