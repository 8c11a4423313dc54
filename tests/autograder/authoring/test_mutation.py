"""Mutants: one slip each, valid Python, different from the answer; the slips that students make are among them."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.authoring.mutation import mutants
from autograder.authoring.slips import SLIPS

SOFTMAX = '''
def softmax(z):
    """Probabilities. z: array (n, classes); it is not changed."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
'''
NETWORK = """
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["accuracy"])
history = training.fit(model, X_train, y_train, epochs=EPOCHS, validation_data=(X_valid, y_valid), shuffle=True)
"""
LOOP = '''
def steps(y, lr, epochs, seed):
    """The constant after `epochs` steps. y is not changed."""
    c, losses = 0.0, []
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        c -= lr * np.std(c - y, ddof=1)
        if c < 0 and not losses:
            losses.append(c)
    return c, losses[-1]
'''


def bodies(source: str, **options: object) -> list[str]:
    return [mutant.source for mutant in mutants(source, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "slip"),
    [
        (SOFTMAX, "z.max(keepdims=True)"),
        (SOFTMAX, "e.sum(axis=0, keepdims=True)"),
        (SOFTMAX, "e.sum(axis=1)"),
        (SOFTMAX, "z.min(axis=1"),
        (SOFTMAX, "z + z.max"),
        (SOFTMAX, "e * e.sum"),
        (SOFTMAX, "e.mean(axis=1"),
        (SOFTMAX, "    return e\n"),
        (SOFTMAX, "z[...] = z[::-1] + 1"),
        (NETWORK, "activation='tanh'"),
        (NETWORK, "keras.layers.Dense(8)"),
        (NETWORK, "keras.layers.Dense(80"),
        (NETWORK, "[keras.Input((4,)), keras.layers.Dense(1)]"),
        (NETWORK, "[keras.Input((4,)), keras.layers.Dense(1), keras.layers.Dense(8, activation='relu')]"),
        (NETWORK, "optimizers.SGD(0.01)"),
        (NETWORK, "Adam(0.1)"),
        (NETWORK, "loss='mae'"),
        (NETWORK, "compile(optimizer=keras.optimizers.Adam(0.01), loss='mse')"),
        (NETWORK, "validation_data=(X_train, y_valid)"),
        (NETWORK, "shuffle=False"),
        (LOOP, "lr * np.std(c - y)"),
        (LOOP, "lr * np.std(y - c"),
        (LOOP, "c += lr"),
        (LOOP, "c -= lr\n"),
        (LOOP, "range(epochs - 1)"),
        (LOOP, "range(EPOCHS)"),
        (LOOP, "default_rng()"),
        (LOOP, "c <= 0"),
        (LOOP, "c < 0 or not losses"),
        (LOOP, "not (c < 0 and (not losses))"),
        (LOOP, "losses[0]"),
        (LOOP, "return (losses[-1], c)"),
        (LOOP, "c -= epochs * "),
    ],
)
def test_the_slips_of_students_are_among_the_mutants(source: str, slip: str) -> None:
    made = bodies(source, names=["EPOCHS", "X_train", "X_valid", "y_train", "y_valid"])
    assert any(slip in f"{text}\n" for text in made), "\n\n".join(made)


@pytest.mark.parametrize("source", [SOFTMAX, NETWORK, LOOP])
def test_mutants_are_valid_differ_and_have_ids_of_their_own(source: str) -> None:
    made = mutants(source)
    texts = [ast.unparse(ast.parse(mutant.source)) for mutant in made]
    assert ast.unparse(ast.parse(source)) not in texts
    assert len(set(texts)) == len(texts)
    assert len({mutant.id for mutant in made}) == len(made)
    assert {mutant.id.split(":")[0] for mutant in made} <= {slip.__name__ for slip in SLIPS}
    assert made == mutants(source)


def test_only_the_lines_of_the_solution_change() -> None:
    first, last = 5, 6
    source = SOFTMAX.strip()
    for mutant in mutants(source, range(3, 4)):
        assert mutant.line == 3
        assert mutant.source.splitlines()[-1] == "    return e / e.sum(axis=1, keepdims=True)"
    assert not mutants(source, range(first, last))


def test_arguments_may_change_where_nobody_says_that_they_do_not() -> None:
    assert any("changed_argument" in mutant.id for mutant in mutants(SOFTMAX))
    assert not any("changed_argument" in mutant.id for mutant in mutants(SOFTMAX.replace("it is not changed", "floats")))
    assert not any("changed_argument" in mutant.id for mutant in mutants(SOFTMAX.replace("it is not", "it is in place")))


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "1", "2.5", "True", "'relu'", "x[0]", "x[-1]", "x[:3]", "f(x, y)", "x.sum(axis=1)", "[1, x]"]),
    lambda inner: st.builds(
        "({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "**", "@", "<", "==", "and", "or"]), inner
    ),
    max_leaves=6,
)


@given(st.lists(EXPRESSIONS, min_size=1, max_size=4))
def test_every_expression_gives_valid_mutants(expressions: list[str]) -> None:
    source = "\n".join(f"y = {expression}" for expression in expressions)
    before = ast.unparse(ast.parse(source))
    for mutant in mutants(source):
        compile(mutant.source, "mutant", "exec")
        assert mutant.source != before
