"""The assertion helpers pass what is right, and name the likely mistake in what is not."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import keras
import ml_dtypes
import numpy as np
import pandas as pd
import pytest

from coursekit import check, models
from coursekit.check import Mistake

Z = np.random.default_rng().normal(size=(4, 4)) + np.arange(4)


class AlwaysEqual:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


# ── true, equal, shape ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("yes", [True, np.True_, np.array([True]), keras.ops.convert_to_tensor(True)])
def test_true_takes_one_bool_of_any_kind(yes: Any) -> None:
    check.true(yes, "no")
    with pytest.raises(Mistake, match="no"):
        check.true(False, "no")


@pytest.mark.parametrize("unclear", [1, "yes", np.array([True, True]), [], None, AlwaysEqual()])
def test_true_refuses_what_is_no_single_bool(unclear: Any) -> None:
    with pytest.raises(Mistake):
        check.true(unclear, "no")


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (266610.0, 266610),
        (np.int64(3), 3),
        ((1, 2), [1, 2]),
        (np.array([1, 2]), [1, 2]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        ([(1, 2), (3,)], [[1, 2], [3]]),
        (["a", np.str_("b")], ("a", "b")),
        ({"a": np.array([1]), "b": "x"}, {"a": [1], "b": "x"}),
        ({1, 2}, {2, 1}),
        (pd.Series([1, 2]), [1, 2]),
        (keras.ops.convert_to_tensor([1, 2]), [1, 2]),
        (None, None),
        ([None, 1], [None, 1]),
        ([], []),
    ],
)
def test_equal_compares_values_whatever_holds_them(actual: Any, expected: Any) -> None:
    check.equal(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (1, 2),
        ("a", "A"),
        ("1", 1),
        (1, "1"),
        ([1, 2], [1, 2, 3]),
        ([1, 2], [[1, 2]]),
        ({"a": 1}, {"b": 1}),
        (AlwaysEqual(), 1),
        ([AlwaysEqual()], [1]),
        (None, 1),
        (len, 1),
        (..., 1),
    ],
)
def test_equal_refuses_another_value(actual: Any, expected: Any) -> None:
    with pytest.raises(Mistake):
        check.equal(actual, expected)


def test_equal_names_the_listed_mistake_or_the_hint() -> None:
    with pytest.raises(Mistake, match=r"^biases are missing$"):
        check.equal(266_200, 266_610, "count again", mistakes={"biases are missing": 266_200})
    with pytest.raises(Mistake, match="count again\ngot 5, expected 266610"):
        check.equal(5, 266_610, "count again", mistakes={"biases are missing": 266_200})
    with pytest.raises(Mistake, match="only capitals or spaces differ"):
        check.equal(" relu", "ReLU")


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (np.ones((2, 3)), (3, 2), "transposed"),
        (np.ones((3, 1)), (3,), "too many"),
        (np.ones(3), (3, 1), "too few"),
        (1.0, (3,), r"sum or average over everything, or return inside the loop\?\n"),
        (1.0, (1,), r"sum or average over everything.*\[number\] makes an array"),
        ((0, 5), (), "write a point: 0.5, not 0,5"),
        (np.ones((5, 5)), (5,), r"each with each: \(5,\) and \(5, 1\) were combined"),
        (np.ones((2, 2)), (5,), r"the shape is \(2, 2\), expected \(5,\)"),
        ([[1, 2], [3]], (2, 2), "one shape"),
        (None, (2,), "return"),
        (lambda x: x, (2,), "call it with parentheses"),
        ("abc", (3,), "expected numbers"),
    ],
)
def test_shape_says_what_is_wrong_with_it(actual: Any, expected: tuple[int, ...], said: str) -> None:
    with pytest.raises(Mistake, match=said):
        check.shape(actual, expected)


# ── close ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_close_tolerates_what_it_says_and_no_more() -> None:
    check.close([100.0, 0.0], [100.00001, 1e-10])
    check.close(1.05, 1, atol=0.1)
    check.close(np.array([True]), [True])
    with pytest.raises(Mistake):
        check.close(1.2, 1, atol=0.1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (-Z, "sign is the wrong way round"),
        (Z.T, "transposed"),
        (Z * 2.5, "2.5 times"),
        (Z + 3, "off by the same 3"),
        (np.where(Z.max() == Z, np.nan, Z), "nan or inf"),
        (Z[:2], r"the shape is \(2, 4\)"),
        (None, "`return` missing"),
        (AlwaysEqual(), "expected a number"),
        (["a", "b"], "expected"),
    ],
)
def test_close_guesses_the_mistake_from_the_numbers(wrong: Any, said: str) -> None:
    with pytest.raises(Mistake, match=said):
        check.close(wrong, Z)


def test_close_prefers_a_listed_mistake_which_may_be_computed() -> None:
    for listed in (-Z, lambda: -Z):
        with pytest.raises(Mistake, match=r"^you took z − max the wrong way$"):
            check.close(-Z, Z, mistakes={"you took z − max the wrong way": listed})


@pytest.mark.parametrize(
    ("wrong", "seen"),
    [
        (Z * 2.5, "every number is 2.5 times what it should be\n"),
        (np.where(Z.max() == Z, np.nan, Z), "it contains nan or inf\n"),
    ],
)
def test_close_names_one_cause_that_of_the_hint_if_there_is_one(wrong: np.ndarray, seen: str) -> None:
    with pytest.raises(Mistake) as guessed:
        check.close(wrong, Z)
    with pytest.raises(Mistake) as told:
        check.close(wrong, Z, hint="the rows are in another order")
    assert ": " in str(guessed.value).splitlines()[0]
    assert str(told.value).startswith(f"the rows are in another order\n{seen}")


def test_close_does_not_call_a_rounding_difference_a_missing_factor() -> None:
    with pytest.raises(Mistake) as caught:
        check.close([1.0001, 1.0001], [1.0, 1.0])
    assert "factor" not in str(caught.value)


@pytest.mark.parametrize(
    ("got", "want", "place"),
    [
        ([1.0, 5.0, 3.0], [1.0, 2.0, 3.5], r"\[1\]: got 5, expected 2"),
        ([np.inf, 1.0, 2.0], [np.inf, 1.0, 3.0], r"\[2\]: got 2, expected 3"),
        ([True, False], [True, True], r"\[1\]"),
        ([1j, 2j], [1j, 5.0], r"\[1\]"),
    ],
)
def test_close_points_at_the_largest_difference(got: Any, want: Any, place: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Mistake, match=place):
            check.close(got, want)


def test_a_scalar_that_is_wrong_is_shown_beside_the_right_one() -> None:
    with pytest.raises(Mistake, match=r"got 2, expected 2\.303"):
        check.close(2.0, 2.303)


# ── between, probabilities, gradient ─────────────────────────────────────────────────────────────────────────────────


def test_between_gives_the_hint_of_its_side() -> None:
    check.between(np.array([0.9]), 0.8, 1.0)
    for value, said in ((0.5, "train longer"), (2.0, "not a share"), (float("nan"), "0 / 0"), ([1, 2], "one number")):
        with pytest.raises(Mistake, match=said):
            check.between(value, 0.8, 1.0, name="accuracy", low_hint="train longer", high_hint="not a share")


@pytest.mark.parametrize(
    ("p", "said"),
    [
        ([[0.5, 0.5], [0.5, 0.6]], "yours sum to 1.1"),
        ([-0.5, 1.5], r"lie in \[0, 1\]"),
        ([np.nan, 1.0], "nan or inf"),
        ([], "expected an array of probabilities"),
        (1.0, "expected an array of probabilities"),
    ],
)
def test_probabilities_must_be_some_lie_in_the_unit_interval_and_sum_to_one(p: Any, said: str) -> None:
    with pytest.raises(Mistake, match=said):
        check.probabilities(p)


def test_probabilities_may_lie_along_another_axis() -> None:
    p = np.random.default_rng().dirichlet(np.ones(5), size=8)
    check.probabilities(p)
    check.probabilities(p.T, axis=0)


def test_gradient_agrees_with_calculus_and_not_with_a_wrong_derivative() -> None:
    x = np.random.default_rng().normal(size=(2, 3))
    check.gradient(np.cos(x), lambda v: np.sin(v).sum(), x)
    check.gradient(2 * x, lambda v: np.array([(v**2).sum()]), x)
    with pytest.raises(Mistake, match=r"2 times|central differences"):
        check.gradient(np.cos(x) * 2, lambda v: np.sin(v).sum(), x)
    with pytest.raises(Mistake, match="one number"):
        check.gradient(x, lambda v: v, x)


# ── unchanged, raises ────────────────────────────────────────────────────────────────────────────────────────────────


def test_unchanged_notices_a_change_in_place_only() -> None:
    z = np.array([1.0, np.nan])
    with check.unchanged(z):
        z = z - 1
    with pytest.raises(Mistake, match="changed its input"), check.unchanged(z):
        z -= 1


def test_explained_adds_a_hint_to_the_error_it_knows_and_leaves_others_alone() -> None:
    hints = {"broadcast": "keepdims=True keeps the axis"}
    with (
        pytest.raises(Mistake, match="keepdims=True keeps the axis\nthe check could not go on with your result: ValueError"),
        check.explained(hints),
    ):
        np.ones((2, 3)) + np.ones(2)
    with pytest.raises(ZeroDivisionError), check.explained(hints):
        1 / 0  # noqa: B018
    with pytest.raises(Mistake, match=r"^broadcast$"), check.explained(hints):
        check.true(False, "broadcast")
    with check.explained(hints):
        pass


def test_explained_says_whose_line_stopped() -> None:
    class OfAnotherProcessError(ValueError):
        said_elsewhere = True

    def fails() -> None:
        raise OfAnotherProcessError("too short")

    cells: dict[str, Any] = {"check": check, "fails": fails}
    exec(compile("def answer():\n    return [][0]", "<cell 1>", "exec"), cells)
    for call, said in (
        ("answer()", "your code stopped with IndexError"),
        ("fails()", "your code stopped with OfAnotherProcessError: too short"),
        ("[][0]", "the check could not go on with your result: IndexError"),
        ("[place for place in [[]] if place[0]]", "the check could not go on with your result: IndexError"),
        ("int('x')", "the check could not go on with your result: ValueError"),
    ):
        test = f"with check.explained({{'': 'a hint'}}):\n    {call}"
        with pytest.raises(Mistake, match=f"^a hint\n{said}"):
            exec(compile(test, "<cell 2>", "exec"), cells)


def test_raises_wants_this_error_and_no_other() -> None:
    check.raises(ValueError, int, "x")
    check.raises(LookupError, {}.__getitem__, "x")
    with pytest.raises(Mistake, match="raised ValueError"):
        check.raises(TypeError, int, "x")
    with pytest.raises(Mistake, match="got 3, expected ValueError"):
        check.raises(ValueError, int, "3")


# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_model_takes_a_built_keras_model_of_these_shapes() -> None:
    check.model(models.mlp(), input_shape=(28, 28), output_shape=(10,))
    with pytest.raises(Mistake, match=r"output for one sample has shape \(10,\), expected \(1,\)"):
        check.model(models.mlp(), output_shape=(1,))
    for wrong, said in ((3, "expected a Keras model"), (models.mlp, "itself"), (None, "return"), (keras.Sequential(), "Input")):
        with pytest.raises(Mistake, match=said):
            check.model(wrong)


def test_outputs_are_what_predict_gives_in_use_and_in_pieces_of_any_size() -> None:
    network = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dropout(0.5), keras.layers.BatchNormalization()]
    )
    X = np.random.default_rng().normal(size=(7, 3))
    said = check.outputs(network, X)
    assert type(said) is np.ndarray
    np.testing.assert_allclose(said, network.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    for batch_size in (1, 3, 7, 100):
        np.testing.assert_allclose(check.outputs(network, X, batch_size=batch_size), said, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ([(4, 2), (2,)], "a layer too many"),
        ([(4, 2), (2,), (2, 2), (2,), (2, 3), (3,)], "a layer or a bias missing"),
        ([(4, 3), (3,), (3, 3), (3,)], r"array 0 of the weights has shape \(4, 2\), expected \(4, 3\)"),
    ],
)
def test_weights_says_which_array_is_wrong(expected: list[tuple[int, ...]], said: str) -> None:
    model = models.mlp((4,), (2,), 3)
    check.weights(model, [(4, 2), (2,), (2, 3), (3,)])
    with pytest.raises(Mistake, match=said):
        check.weights(model, expected)


def test_a_mistake_shows_in_a_notebook_as_its_message_and_the_line_that_failed() -> None:
    try:
        check.equal(1, 2, "off by one")
    except Mistake as mistake:
        shown = mistake._render_traceback_()
    assert "off by one" in shown[-1]
    assert any("check.equal(1, 2" in line for line in shown)
    assert not any("raise Mistake" in line for line in shown)


BROKEN, WHOLE = (
    "take the mean of each class,\nnot of all; then   divide",
    "take the mean of each class, not of all; then   divide",
)


@pytest.mark.parametrize(
    "failing",
    [
        lambda: check.true(False, BROKEN),
        lambda: check.equal(1, 2, BROKEN),
        lambda: check.equal(1, 2, mistakes={BROKEN: 1}),
        lambda: check.length([1], 2, BROKEN),
        lambda: check.length(1, 2, BROKEN),
        lambda: check.shape([1], (2,), BROKEN),
        lambda: check.close(1, 2, hint=BROKEN),
        lambda: check.close(1, 2, mistakes={BROKEN: 1}),
        lambda: check.between(1, 2, 3, low_hint=BROKEN),
        lambda: check.probabilities([2], hint=BROKEN),
        lambda: check.gradient([1.0], lambda x: 0.0, [1.0], hint=BROKEN),
        lambda: check.raises(ValueError, lambda: 1, hint=BROKEN),
        lambda: check.raises(ValueError, lambda: [][1], hint=BROKEN),
        lambda: check.weights(models.mlp((4,), (2,), 3), [], BROKEN),
    ],
)
def test_a_hint_that_its_author_broke_into_lines_is_one_line(failing: Callable[[], None]) -> None:
    with pytest.raises(Mistake) as caught:
        failing()
    assert str(caught.value).split("\n")[0] == WHOLE


def test_a_hint_is_one_line_around_a_block_too() -> None:
    x = np.zeros(2)
    with pytest.raises(Mistake) as caught, check.unchanged(x, hint=BROKEN):
        x += 1
    assert str(caught.value) == WHOLE
    with pytest.raises(Mistake) as caught, check.explained({"division": BROKEN}):
        1 / 0  # noqa: B018
    assert str(caught.value).split("\n")[0] == WHOLE


def test_what_came_stands_in_one_line_however_python_prints_it() -> None:
    with pytest.raises(Mistake) as caught:
        check.equal(np.arange(6).reshape(3, 2), 1)
    assert str(caught.value) == "got array([[0, 1], [2, 3], [4, 5]]), expected 1"


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (1.0, (3,), "that is a single number, not a list of 3 numbers"),
        ([1, 2], (), "that is a list of 2 numbers, not a single number"),
        ([1], (3,), "that is a list of 1 number, not a list of 3 numbers"),
        ([1, 2], (2, 3), "that is a list of 2 numbers, not 2 rows of 3 numbers"),
        (np.zeros((1, 4, 2)), (8,), "that is an array with 3 axes, not a list of 8 numbers"),
    ],
)
def test_a_shape_is_said_in_words_where_one_side_is_a_number_or_a_list(got: Any, want: tuple[int, ...], words: str) -> None:
    with pytest.raises(Mistake, match=f"{words}$"):
        check.shape(got, want)


def test_shapes_of_arrays_speak_for_themselves() -> None:
    with pytest.raises(Mistake, match=r"the shape is \(2, 3\), expected \(4, 3\)$"):
        check.shape(np.zeros((2, 3)), (4, 3))


@pytest.mark.parametrize(
    ("got", "want"),
    [((3, 1), (3,)), ((1, 3), (3,)), ((3,), (3, 1)), ((3,), (1, 3)), ((1,), ()), ((1, 1), ()), ((2, 1, 3), (2, 3))],
)
def test_the_advice_about_an_axis_of_length_1_gives_the_shape_that_is_wanted(
    got: tuple[int, ...], want: tuple[int, ...]
) -> None:
    with pytest.raises(Mistake) as caught:
        check.shape(np.zeros(got), want)
    advice = str(caught.value).split("\n")[0].partition("try ")[2].split(" or ")[0]
    made = eval(f"number{advice}", {"np": np, "number": np.zeros(got)})
    assert np.shape(made) == want


def test_a_length_is_counted_and_what_has_none_is_named() -> None:
    check.length((1, 2), 2, "return two things")
    for wrong, said in (((1, 2, 3), "there are 3, expected 2"), (4.0, "got 4.0"), (None, "is a `return` missing")):
        with pytest.raises(check.Mistake, match=said):
            check.length(wrong, 2, "return two things")


def test_a_mistake_may_give_nan() -> None:
    with pytest.raises(check.Mistake, match="divided by zero"):
        check.close([np.nan, 1.0], [2.0, 1.0], mistakes={"divided by zero": [np.nan, 1.0]})
    with pytest.raises(check.Mistake):
        check.close([np.nan, 1.0], [2.0, 1.0])


# ── kin of plain values, and networks that cannot be marked ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "numbers",
    [
        deque([1, 2]),
        range(1, 3),
        {"a": 1, "b": 2}.values(),
        [Fraction(1), Decimal(2)],
        np.ma.array([1, 2]),
    ],
    ids=lambda numbers: type(numbers).__name__,
)
def test_numbers_count_by_value_whatever_holds_them(numbers: Any) -> None:
    check.close(numbers, [1, 2])
    check.equal(numbers, [1, 2])
    with pytest.raises(Mistake):
        check.close(numbers, [1, 3])


def test_an_iterator_and_masked_entries_are_named_with_what_to_do() -> None:
    with pytest.raises(Mistake, match=r"wrap it in list\(…\)"):
        check.close(map(int, "12"), [1, 2])
    with pytest.raises(Mistake, match="MaskedArray with masked entries"):
        check.close(np.ma.masked_array([1, 2], [False, True]), [1, 2])


def test_an_object_is_judged_by_its_type_not_by_what_it_calls_itself() -> None:
    class Pretender(AlwaysEqual):
        __class__ = np.ndarray  # type: ignore[assignment]

    with pytest.raises(Mistake, match="expected a number, an array or a list of numbers"):
        check.close(Pretender(), [1, 2])


class Net(keras.Model):
    def call(self, X: Any) -> Any:
        return X


class Own(keras.layers.Dense):
    pass


def my_activation(x: Any) -> Any:
    return x


def own_penalty() -> keras.Model:
    try:
        return dense(kernel_regularizer=lambda w: 0.0)
    except ValueError as refused:
        pytest.skip(f"this Keras refuses it by itself: {refused}")


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            Net,
            "it is an object of your class Net, a subclass of keras.Model. Build it with keras.Sequential or the functional API",
        ),
        (
            lambda: keras.Sequential([keras.Input((2,)), Own(1, name="mine")]),
            "its layer `mine` holds code: it is of the class Own",
        ),
        (lambda: keras.Sequential([keras.Input((2,)), keras.layers.Lambda(abs, name="l")]), "its layer `l` holds code"),
        (lambda: dense(activation=my_activation), "its layer `d` holds your function my_activation"),
        (own_penalty, "its layer `d` holds a lambda"),
        (lambda: keras.Sequential([keras.Input((2,)), dense(activation=my_activation)]), "its layer `d` holds your function"),
    ],
)
def test_a_network_that_cannot_be_marked_is_refused_before_it_is_handed_in(build: Any, said: str) -> None:
    with pytest.raises(Mistake, match=said):
        check.model(build())


def dense(**settings: Any) -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="d", **settings)])


def test_what_the_grader_says_in_place_of_a_network_is_shown_to_its_end() -> None:
    class Said:
        def __repr__(self) -> str:
            return "a model that cannot be marked: " + 20 * "because " + "the end"

    with pytest.raises(Mistake, match=r"the end$"):
        check.model(Said())


def test_a_network_of_keras_own_parts_passes() -> None:
    X = keras.Input((2,))
    hidden = keras.layers.Dense(3, activation="gelu", kernel_regularizer="l2", kernel_initializer="he_normal")(X / 2 - 1)
    check.model(keras.Model(X, keras.layers.BatchNormalization()(hidden)))
    check.model(dense(activation=keras.ops.tanh, kernel_regularizer=keras.regularizers.L1(0.1)))


def test_an_error_of_keras_is_quoted_without_the_codes_of_a_terminal() -> None:
    def grow(x: Any) -> None:
        raise ValueError("Exception encountered when calling Conv2D.call().\n\n\x1b[1mtoo large\x1b[0m")

    with pytest.raises(Mistake, match=r"calling Conv2D\.call\(\)\. too large") as caught:
        check.raises(TypeError, grow, 1)
    assert "\x1b" not in str(caught.value)


def test_the_text_of_an_error_of_the_students_is_quoted_on_one_short_line() -> None:
    def leak(x: Any) -> None:
        raise KeyError(f"{x!r}\n" * 500)

    with pytest.raises(Mistake) as raised:
        check.raises(ValueError, leak, 0.123)
    assert len(str(raised.value)) < 300
    with pytest.raises(Mistake) as explained, check.explained({"KeyError": "look it up"}):
        leak(0.123)
    assert len(str(explained.value)) < 300


# ── plain values in messages ─────────────────────────────────────────────────────────────────────────────────────────


def message(call: Any) -> str:
    with pytest.raises(Mistake) as raised:
        call()
    return str(raised.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.float64(0.5), "0.5"),
        (np.float32(0.1), "0.1"),
        ([np.float64(0.5), np.int64(3)], "[0.5, 3]"),
        ({"a": np.float64(0.5)}, "{'a': 0.5}"),
        ((np.True_, np.str_("b")), "(True, 'b')"),
        (np.array(0.5), "0.5"),
        (keras.ops.convert_to_tensor(0.5), "0.5"),
        (keras.ops.convert_to_tensor([1, 2]), "array([1, 2], dtype=int32)"),
        pytest.param(object(), "<object object>", id="object"),
        (np.zeros((5, 5)), "an array of shape (5, 5)"),
    ],
    ids=str,
)
def test_a_message_shows_a_value_as_a_student_would_type_it(value: Any, said: str) -> None:
    assert message(lambda: check.equal(value, "another")).startswith(f"got {said}, expected 'another'")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Z.mean, "the method `mean` itself: call it with parentheses"),
        (len, "the function `len` itself: call it with parentheses"),
        (np.mean, "the function `mean` itself: call it with parentheses"),
        (np.exp, "the function `exp` itself: call it with parentheses"),
        (np.random.default_rng().normal, "the method `normal` itself: call it with parentheses"),
        ([1].append, "the method `append` itself: call it with parentheses"),
        (pd.Series([1.0]).mean, "the method `mean` itself: call it with parentheses"),
        (partial(round, ndigits=2), "the function `round` itself: call it with parentheses"),
        ([1.0, Z.mean], "the method `mean` itself: call it with parentheses"),
        (list, "the class `list` itself, expected a value: call it with parentheses"),
        (np, "the module `numpy` itself, expected a value"),
        (map(abs, [1]), "a map object, which gives its items only once: wrap it in list(…)"),
        ([map(abs, [1])], "a map object, which gives its items only once: wrap it in list(…)"),
        (iter([1]), "a list_iterator object, which gives its items only once: wrap it in list(…)"),
        ((n for n in [1]), "a generator object, which gives its items only once: wrap it in list(…)"),
    ],
)
def test_what_was_not_called_or_not_listed_is_named_with_what_to_do(value: Any, said: str) -> None:
    for call in (lambda: check.close(value, 1.0), lambda: check.shape(value, (1,)), lambda: check.true(value, "no")):
        assert said in message(call)
        assert " 0x" not in message(call)


def test_an_iterator_where_a_list_is_expected_is_named_with_what_to_do() -> None:
    for call in (lambda: check.equal(map(abs, [1]), [1]), lambda: check.length(filter(None, [1]), 1, "expected one pair")):
        said = message(call)
        assert "it gives its items only once: wrap it in list(…)" in said.replace("which", "it")
        assert "object at" not in said


def test_bfloat16_is_numbers() -> None:
    half = np.array([0.5, 2.0], ml_dtypes.bfloat16)
    check.close(half, [0.5, 2.0])
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, dtype="mixed_bfloat16")])
    predicted = check.outputs(network, np.ones((4, 2), np.float32))
    assert predicted.dtype == np.float32
    check.shape(predicted, (4, 3))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_the_outputs_of_a_network_do_not_depend_on_a_precision_that_was_left_on(policy: str) -> None:
    def network(dtype: str) -> keras.Model:
        inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu", dtype=dtype)])
        inputs = keras.Input((4,))
        return keras.Model(inputs, keras.layers.Dense(9, activation="softmax", dtype=dtype)(inner(inputs)))

    X = np.random.default_rng().normal(size=(40, 4)).astype("float32")
    half, whole = network(policy), network("float32")
    whole.set_weights([np.asarray(weight, "float32") for weight in half.get_weights()])
    before = half.get_weights()
    np.testing.assert_allclose(check.outputs(half, X), check.outputs(whole, X), atol=1e-5)
    check.probabilities(check.outputs(half, X))
    assert all(np.array_equal(now, was) for now, was in zip(half.get_weights(), before, strict=True))
    assert half.layers[-1].compute_dtype.endswith("float16")
