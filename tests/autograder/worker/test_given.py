"""What the lab's cells made is compared after each test: whatever a test did to it is noticed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from autograder.worker.given import Given

LARGE = 2**20


@dataclass
class Splits:
    X: np.ndarray


def made() -> dict[str, Any]:
    """A namespace as the cells of a lab leave it."""
    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    large = np.zeros(LARGE)
    return {
        "np": np,
        "small": np.zeros(3),
        "large": large,
        "splits": Splits(large[: LARGE // 2]),
        "words": ["a", ["b"]],
        "table": {"x": np.ones(2)},
        "seen": {1, 2},
        "rng": np.random.default_rng(1),
        "lines": iter(["a", "b"]),
        "frame": pd.DataFrame({"a": [1, 2]}),
        "net": net,
        "layer": net.layers[0],
        "_": 1,
    }


def remembered() -> tuple[dict[str, Any], Given]:
    """The namespace of a shell in which the cells of a lab have run, and what is remembered of it."""
    own: dict[str, Any] = {"In": [""], "exit": object()}
    given = Given(own)
    own.update(made())
    given.remember()
    return own, given


CHANGES: list[Callable[[dict[str, Any]], Any]] = [
    lambda own: own["small"].fill(1),
    lambda own: own["large"].fill(1),
    lambda own: own["splits"].X.fill(1),
    lambda own: setattr(own["splits"], "X", np.zeros(2)),
    lambda own: own["words"][1].append("c"),
    lambda own: own["table"]["x"].fill(2),
    lambda own: own["seen"].add(3),
    lambda own: own["rng"].random(),
    lambda own: own["frame"].insert(0, "b", 1),
    lambda own: own["net"].set_weights([w + 1 for w in own["net"].get_weights()]),
    lambda own: setattr(own["layer"], "trainable", False),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_test_that_changed_what_the_lab_made_is_noticed(change: Callable[[dict[str, Any]], Any]) -> None:
    own, given = remembered()
    own["In"].append("x = words")  # the shell's history is none of the lab's
    assert not given.changed("x = words", [])
    change(own)
    assert given.changed("x = words", [])


def test_objects_into_which_a_function_wrote_count_only_if_they_are_the_labs_or_lie_in_its_memory() -> None:
    own, given = remembered()
    assert not given.changed("", [np.zeros(3), ["a"], keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])])
    for touched in (own["words"][1], own["large"][5:7], own["net"], own["table"]["x"]):
        assert given.changed("", [touched])


def test_whoever_reads_from_an_iterator_or_sets_a_seed_leaves_something_behind() -> None:
    _, given = remembered()
    assert given.changed("line = next(lines)", [])
    assert given.changed("keras.utils.set_random_seed(3)", [])
    assert not given.changed("rng = np.random.default_rng(3)", [])


def test_settings_for_all_code_are_looked_at_too() -> None:
    _, given = remembered()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert given.changed("", [])
    finally:
        keras.config.set_dtype_policy("float32")
    with np.errstate(all="raise"):
        assert given.changed("", [])
    assert not given.changed("", [])


def test_after_more_cells_of_the_lab_it_is_remembered_anew() -> None:
    own, given = remembered()
    own["small"].fill(1)
    given.forget()
    given.remember()
    assert not given.changed("", [])
