"""The random numbers of two processes go on as those of one."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from autograder.worker.generators import Generators


@pytest.fixture(autouse=True)
def states() -> Iterator[None]:
    python, legacy = random.getstate(), np.random.get_state()
    yield
    random.setstate(python)
    np.random.set_state(legacy)


def sent(generators: Generators) -> tuple[dict[str, object], list[memoryview]]:
    blobs: list[bytes] = []

    def blob(data: bytes) -> int:
        blobs.append(data)
        return len(blobs) - 1

    return generators.changed(blob), [memoryview(data) for data in blobs]


def test_what_one_end_seeds_is_drawn_at_the_other() -> None:
    random.seed(3)
    np.random.seed(3)
    np.random.normal()  # which keeps half of a pair for later
    said, blobs = sent(Generators())
    drawn = random.random(), np.random.normal(), np.random.rand()
    random.seed(4)
    np.random.seed(4)
    Generators().put(said, blobs)
    assert (random.random(), np.random.normal(), np.random.rand()) == drawn


def test_nothing_is_said_again_that_the_other_end_knows() -> None:
    ends = Generators()
    assert set(sent(ends)[0]) >= {"python", "numpy"}
    assert sent(ends)[0] == {}
    random.random()
    assert set(sent(ends)[0]) == {"python"}
    np.random.rand()
    ends.remember()
    assert sent(ends)[0] == {}


@pytest.mark.parametrize(
    "said",
    [
        {"python": [0, None]},
        {"python": [7, None]},
        {"python": "x"},
        {"numpy": [0, 3, 0, 0.0]},
        {"numpy": [1, 10**6, 0, 0.0]},
        {"numpy": [1, -1, 0, 0.0]},
        {"numpy": [1]},
        {"numpy": None},
    ],
)
def test_what_is_no_state_is_refused_and_changes_nothing(said: dict[str, object]) -> None:
    before = np.random.get_state()[1].tolist(), random.getstate()
    with pytest.raises(ValueError, match="not the state of a generator"):
        Generators().put(said, [memoryview(b"short"), memoryview(bytes(4 * 624))])
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before
