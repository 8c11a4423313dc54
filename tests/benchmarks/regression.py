"""Error and time of lab 3's reference network against scikit-learn's, with the lab's own cells.

Run as `python -m tests.benchmarks.regression [--seeds 5]`. Uses the real California housing where it can be had; `source=`
says what the figures were made from. Both sides are timed in turn in the same run, scaling and compilation included.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from autograder.authoring.demo import reference_sources
from autograder.grading.dependencies import needed
from autograder.labs.source import load_lab

__all__ = ["main"]

LAB = Path(__file__).parents[2] / "labs" / "lab03_regression"
EXERCISE = "best_model"


def cells() -> tuple[list[str], str]:
    """The cells that the exercise needs, and the exercise itself, as the reference solves it and at full budget."""
    lab = load_lab(LAB)
    solved = reference_sources(lab)
    sources = [solved.get(cell.name, cell.source) for cell in lab.cells if cell.is_code and cell.role != "tests"]
    target = sources.index(solved[EXERCISE])
    setup = sources.index(next(cell.source for cell in lab.of("given") if cell.name == "setup"))
    *before, last = (sources[i] for i in needed(sources, [target], [setup]))
    return before, last


def ready_made(housing: Any) -> tuple[float, float]:
    """Validation RMSE and seconds of the network of the lab's last table row."""
    import sklearn.metrics
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=[50, 50, 50], random_state=42))
    start = time.perf_counter()
    model.fit(housing.X_train, housing.y_train)
    seconds = time.perf_counter() - start
    return float(sklearn.metrics.root_mean_squared_error(housing.y_valid, model.predict(housing.X_valid))), seconds


def main(seeds: int) -> None:
    before, exercise = cells()
    names: dict[str, Any] = {"__name__": "__main__"}
    for source in before:
        exec(source, names)
    errors, reference_seconds, ready_seconds, ready_error = [], [], [], 0.0
    for seed in range(seeds):
        names["keras"].utils.set_random_seed(seed)
        start = time.perf_counter()
        exec(exercise, names)
        reference_seconds.append(time.perf_counter() - start)
        errors.append(names["valid_error"])
        ready_error, seconds = ready_made(names["housing"])
        ready_seconds.append(seconds)
        print(
            f"seed {seed}: reference {errors[-1]:.4f} in {reference_seconds[-1]:.1f} s, "
            f"scikit-learn {ready_error:.4f} in {ready_seconds[-1]:.1f} s",
            flush=True,
        )
    print(f"source={names['housing'].source}")
    print(f"rmse_mean={statistics.mean(errors):.4f}")
    print(f"rmse_max={max(errors):.4f}")
    print(f"sklearn_rmse={ready_error:.4f}")
    print(f"time_ratio={statistics.median(reference_seconds) / statistics.median(ready_seconds):.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many trainings of the reference")
    main(parser.parse_args().seeds)
