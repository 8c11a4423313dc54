"""`calibrate` measures the figures of the prose over seeds and writes bands that `verify` then holds a lab to."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import pytest

from autograder.authoring.calibrate import Measured, calibrate, write_bands
from autograder.errors import LabError
from autograder.grading.options import Options
from autograder.labs.source import load_lab

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_a_band_holds_its_own_values_and_is_five_deviations_wide() -> None:
    values = (88.9, 89.4, 89.1, 89.6, 89.2)
    figure = Measured("accuracy", values)
    low, high = figure.band
    assert figure.mean == pytest.approx(statistics.mean(values))
    assert low <= figure.mean - 5 * statistics.stdev(values) < figure.mean + 5 * statistics.stdev(values) <= high
    assert high - low < 10 * statistics.stdev(values) + 0.3


@pytest.mark.parametrize("values", [(2.5, 2.5), (-40.0,), (0.0, 0.0), (1e-7, 3e-7)])
def test_a_figure_that_hardly_varies_still_gets_a_band_around_it(values: tuple[float, ...]) -> None:
    low, high = Measured("constant", values).band
    assert all(low <= value <= high for value in values)


def test_every_figure_is_measured_once_a_seed_and_the_time_left_is_told(toy_folder: Path) -> None:
    told: list[tuple[int, int, float]] = []
    measured = calibrate(load_lab(toy_folder), Options(), [0, 1, 2], on_run=lambda *said: told.append(said))
    assert [(figure.name, figure.values) for figure in measured] == [("mean", (2.5,) * 3)]
    assert [said[:2] for said in told] == [(1, 3), (2, 3), (3, 3)]
    assert told[0][2] > told[2][2] == 0


def test_bands_are_written_where_the_figure_has_a_line_and_nothing_else_changes(toy_folder: Path) -> None:
    path = toy_folder / "lab.toml"
    before = path.read_text()
    lab = load_lab(toy_folder)
    assert write_bands(lab, "drawn", [Measured("mean", (2.0, 3.0))]) == [
        f"[figures.mean] drawn = {Measured('mean', (2.0, 3.0)).toml}"
    ]
    old, new = tomllib.loads(before), tomllib.loads(path.read_text())
    assert new["figures"]["mean"].pop("drawn") != old["figures"]["mean"].pop("drawn")
    assert new == old
    assert len(path.read_text().splitlines()) == len(before.splitlines())
    assert write_bands(lab, "fast_real", [Measured("mean", (9.0,))]) == []


def test_a_reference_that_fails_is_named_with_its_cell_and_seed(toy_folder: Path) -> None:
    path = toy_folder / "lab.py"
    path.write_text(path.read_text().replace("STEPS = ", "STEPS = None + "))
    with pytest.raises(LabError, match="seed 7: the reference fails in cell"):
        calibrate(load_lab(toy_folder), Options(), [7])
