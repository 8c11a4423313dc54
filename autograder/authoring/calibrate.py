"""Measure the figures in a lab's prose over several seeds, and write their means and bands to `lab.toml`.

This module runs the reference solution only; it does not know submissions or marks. `verify` checks
the bands later.
"""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.errors import LabError
from autograder.execution.runner import run_cells
from autograder.files import write_text
from autograder.grading.environment import limits, variables
from autograder.grading.options import Options
from autograder.labs.budget import with_budget
from autograder.labs.model import Lab

__all__ = ["WIDTH", "Measured", "band_name", "calibrate", "write_bands"]

WIDTH = 5.0  # half the width of a band in standard deviations; wide, because few seeds give a poor estimate of the spread
LEAST = 0.01  # lower bound of this half width as a share of the mean, because results may vary between machines


@dataclass(frozen=True)
class Measured:
    """The values of one figure over several seeds.

    Attributes:
        name: Name of the figure.
        values: One value per seed, in the unit of the figure.
    """

    name: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """Standard deviation between seeds (n − 1 in the denominator); 0 for one seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def band(self) -> tuple[float, float]:
        """(low, high): mean ± WIDTH standard deviations and at least ± LEAST of the mean, rounded outwards to three digits."""
        half = max(WIDTH * self.deviation, LEAST * abs(self.mean))
        return _outwards(self.mean - half, math.floor, self.mean), _outwards(self.mean + half, math.ceil, self.mean)

    @property
    def toml(self) -> str:
        """Mean and band as an inline table for `lab.toml`."""
        low, high = self.band
        return f"{{ mean = {self.mean:.4g}, low = {low:.4g}, high = {high:.4g} }}"


def calibrate(
    lab: Lab,
    options: Options,
    seeds: Sequence[int],
    *,
    on_run: Callable[[int, int, float], None] | None = None,
) -> list[Measured]:
    """Run the reference solution once per seed and measure every figure in `lab.toml`.

    Args:
        lab: The lab.
        options: Grading options; `seed` is replaced.
        seeds: Seeds of the runs.
        on_run: Called after each run with the number of finished runs, the total number of runs,
            and an estimate of the remaining time in seconds.

    Returns:
        The measured figures.

    Raises:
        LabError: A cell of the reference fails, or a figure gives no finite number.
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
    """Write the measured bands to the lab's `lab.toml`; all other lines are unchanged.

    Only figures that already have a line for `band` are written: a figure without one is not
    checked with this kind of data and budget.

    Args:
        lab: The lab.
        band: Name of the band, as `band_name` returns it.
        measured: Measured figures.

    Returns:
        The changed lines, each after the name of its table.
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
    """Return the name of the band for a budget and a kind of data.

    Args:
        options: Grading options.
        env: Environment variables of the run, as `variables` returns them.

    Returns:
        "real", "drawn", "fast_real" or "fast_drawn".
    """
    return ("fast_" if options.fast else "") + env.get("COURSEKIT_DATA", "drawn")


def _run(lab: Lab, options: Options) -> dict[str, float]:
    figures = lab.settings.figures
    cells = [cell for cell in lab.cells if cell.is_code and cell.role != "tests"]
    sources = [with_budget(lab, cell.source, cell.grade_id, fast=options.fast) for cell in cells]
    outcomes = run_cells([*sources, *(figure.value for figure in figures)], limits=limits(lab), env=variables(lab, options))
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
    """Round `value` by the function `rounding` at the third digit of `scale`."""
    unit = 10.0 ** (math.floor(math.log10(abs(scale))) - 2) if scale else 1.0
    return rounding(value / unit) * unit
