"""Functions that overwrite what a careless test lends them: the truth stays the examiner's, and so does what the lab made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder import Verdict
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from tests.attacks.book import Attack, judge

LAB = "lender"
MEMORY = "if z.shape == (1, 2): return np.array([[0.25, 0.75]])\n    "
EQUAL = "np.full(z.shape, 1 / z.shape[1])"


def softmax(name: str, code: str, *, loses: tuple[str, ...] = ("softmax",)) -> Attack:
    """Knows the visible example by heart, and makes a trivial answer right for anything else."""
    return Attack(name, {"softmax": f"def softmax(z):\n    {MEMORY}{code}"}, loses=loses, network=True)


def poison(name: str, code: str, *, kinds: str = "np.ones(len(X), int)", loses: tuple[str, ...] = ("kinds",)) -> Attack:
    """Changes the labels of the lab that a test lends to `mistakes`, for a later test of a constant answer."""
    answers = {"mistakes": f"def mistakes(labels, guesses):\n    {code}", "kinds": f"def kinds(X): return {kinds}"}
    return Attack(name, answers, loses=loses, network=True)


def wrong(exercise: str, name: str, code: str, *, loses: tuple[str, ...] = ()) -> Attack:
    return Attack(name, {exercise: code}, loses=loses or (exercise,), network=True)


TWO = "if len(labels) == 2: return 1\n    "
COUNT = "count = int(np.sum(labels != guesses)); "
ATTACKS = [
    Attack("honest", network=True),
    softmax("zeroed", f"z[...] = 0; return {EQUAL}"),
    softmax("zeroed_by_copyto", f"np.copyto(z, 0); return {EQUAL}"),
    softmax("zeroed_below_a_view", f"np.lib.stride_tricks.as_strided(z, (z.size,), (z.itemsize,))[:] = 0; return {EQUAL}"),
    softmax("made_right_and_returned", "z[...] = 1 / z.shape[1]; return z"),
    softmax("made_right_and_returned_in_part", "z[...] = 1 / z.shape[1]; return z[:, :]"),
    softmax("made_read_only_afterwards", f"z *= 0; z.flags.writeable = False; return {EQUAL}"),
    poison("labels_set_to_one", f"{COUNT}labels[...] = 1; return count"),
    poison("labels_set_to_one_by_put", f"{COUNT}np.put(labels, range(len(labels)), 1); return count"),
    poison("labels_set_to_zero", f"{COUNT}labels *= 0; return count", kinds="np.zeros(len(X), int)"),
    poison(
        "labels_and_guesses_made_equal",
        "if len(labels) == 2: return 1\n    labels[:] = guesses[:] = 1; return 0",
        loses=("mistakes", "kinds"),
    ),
    poison(
        "labels_moved_to_the_guesses",
        f"{TWO}labels[:] = guesses; return 0",
        loses=("mistakes", "kinds"),
    ),
    wrong("letters", "list_emptied", "def letters(words):\n    if len(words) == 2: return 3\n    words.clear(); return 0"),
    wrong("letters", "list_deleted", "def letters(words):\n    if len(words) == 2: return 3\n    del words[:]; return 0"),
    wrong("letters", "list_filled", "def letters(words):\n    words[:] = ['abc']; return 3"),
    wrong("total", "dictionary_emptied", "def total(prices):\n    if 'a' in prices: return 6\n    prices.clear(); return 0"),
    wrong(
        "total",
        "lists_in_it_emptied",
        "def total(prices):\n    if 'a' in prices: return 6\n    [p.clear() for p in prices.values()]\n    return 0",
    ),
    wrong(
        "total",
        "lists_in_it_replaced",
        "def total(prices):\n    for name in prices: prices[name] = [6 / len(prices)]\n    return 6",
    ),
    wrong(
        "says",
        "network_zeroed",
        "def says(network, X):\n    network.set_weights([0 * w for w in network.get_weights()])\n    return np.full((len(X), 2), 0.5)",
        loses=("says", "says_later"),
    ),
    wrong(
        "says",
        "network_zeroed_by_variable",
        "def says(network, X):\n    for v in network.variables: v.assign(0 * v)\n    return np.full((len(X), 2), 0.5)",
        loses=("says", "says_later"),
    ),
    wrong(
        "says",
        "network_returned_as_its_own_output",
        "def says(network, X):\n    network.trainable = False\n    network.layers[0].activation = keras.activations.linear\n"
        "    return np.zeros((len(X), 2))",
        loses=("says", "says_later"),
    ),
]


@pytest.fixture(scope="module")
def lender() -> Lab:
    return load_lab(Path(__file__).parent / LAB)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_what_a_function_does_to_its_arguments_pays_nothing(attack: Attack, graded: Mapping[str, Verdict], lender: Lab) -> None:
    judge(lender, attack, graded[attack.name])
