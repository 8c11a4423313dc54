"""A playground's network is the Keras model that the settings describe, it learns, and what is shown of it is true."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from coursekit.playgrounds import data, network
from coursekit.playgrounds.session import GRID, Session
from coursekit.playgrounds.state import CHOICES, State


def layers(session: Session) -> list[str]:
    return [type(layer).__name__ for layer in session.model.layers]


def weights(session: Session) -> list[np.ndarray]:
    return [np.array(value) for value in session.model.get_weights()]


def numbers(answer: Any) -> np.ndarray:
    """What a model answers, as an array: on PyTorch it is a tensor that remembers how it was computed."""
    return keras.ops.convert_to_numpy(answer)


def equal(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# ── networks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("activation", CHOICES["activation"])
def test_every_activation_gives_a_network_of_the_shape_asked_for(activation: str) -> None:
    built = network.build(State(hidden=(3, 2), activation=activation, features=("x1", "x2", "x1_x2")))
    assert built.model.output_shape == (None, 1)
    shapes = [kernel.shape for kernel, _ in (layer.weights() for layer in built.layers)]
    assert shapes == [(3, 3), (3, 2), (2, 1)]


def test_a_maxout_neuron_answers_the_larger_of_its_two_sums() -> None:
    built = network.build(State(hidden=(3,), activation="maxout"))
    X = np.array([[1.0, -2.0], [0.5, 3.0]], "float32")
    one, other = (X @ part.get_weights()[0] for part in built.layers[0].dense)
    hidden = numbers(keras.Model(built.model.inputs[0], built.layers[0].output)(X))
    assert np.allclose(hidden, np.maximum(one, other), atol=1e-5)


def test_penalties_dropout_and_batch_normalisation_stand_where_they_belong() -> None:
    state = State(hidden=(2,), regularizer="l1", regularizer_rate=0.5, dropout=0.2, batch_norm=True)
    model = network.build(state).model
    names = [type(layer).__name__ for layer in model.layers]
    assert names == ["InputLayer", "Dense", "BatchNormalization", "Activation", "Dropout", "Dense"]
    expected = 0.5 * sum(np.abs(value).sum() for value in (model.layers[1].get_weights()[0], model.layers[-1].get_weights()[0]))
    model(np.zeros((1, 2), "float32"))
    assert np.isclose(float(numbers(sum(model.losses))), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "kind", "momentum"),
    [
        ("sgd", "SGD", 0.0),
        ("momentum_0.99", "SGD", 0.99),
        ("nesterov", "SGD", 0.9),
        ("adam", "Adam", None),
        ("rmsprop", "RMSprop", None),
    ],
)
def test_an_optimizer_is_the_one_that_is_named(name: str, kind: str, momentum: float | None) -> None:
    optimizer = network.build(State(optimizer=name, learning_rate=0.25)).model.optimizer
    assert type(optimizer).__name__ == kind
    assert float(optimizer.learning_rate) == 0.25
    assert momentum is None or optimizer.momentum == momentum


def test_the_first_weights_are_of_the_kind_and_number_asked_for() -> None:
    assert not any(value.any() for value in weights(Session(State(initializer="zeros"))))
    assert max(np.abs(value).max() for value in weights(Session(State(initializer="small")))) < 0.1
    assert equal(weights(Session(State(start=3))), weights(Session(State(start=3))))
    assert not equal(weights(Session(State(start=3))), weights(Session(State(start=4))))


def test_regression_ends_in_a_linear_neuron_and_two_classes_in_tanh() -> None:
    assert network.build(State(data="plane")).model.layers[-1].activation.__name__ == "linear"
    assert network.build(State(data="xor")).model.layers[-1].activation.__name__ == "tanh"


# ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_step_of_the_whole_batch_is_gradient_descent_on_the_squared_error() -> None:
    session = Session(State(data="gauss", hidden=(), learning_rate=0.1, batch_size=1000))
    kernel, bias = weights(session)
    X, y = session.points.X_train, session.points.y_train
    z = np.tanh(X @ kernel + bias)
    pull = 2 * (z - y) * (1 - z**2) / len(X)
    session.step()
    assert np.allclose(weights(session)[0], kernel - 0.1 * X.T @ pull, atol=1e-5)
    assert np.allclose(weights(session)[1], bias - 0.1 * pull.sum(axis=0), atol=1e-5)


def test_steps_and_epochs_are_counted_and_every_point_is_seen_once_per_epoch() -> None:
    session = Session(State(hidden=(), batch_size=60))  # 250 points: 4 full batches and one of 10
    seen: list[np.ndarray] = []
    run = session._trainer.run
    session._trainer.run = lambda X, y, batches: (seen.extend(batches), run(X, y, batches))[1]
    session.step()
    assert (session.look().epoch, session.look().step, session.look().steps) == (0, 1, 5)
    session.train()
    assert (session.look().epoch, session.look().step) == (1, 0)
    assert sorted(np.concatenate(seen)) == list(range(250))
    assert [entry[0] for entry in session.history] == [0, 1]


def test_what_is_shown_is_what_the_model_answers() -> None:
    session = Session(State(data="circle", features=("x1_squared", "x2_squared"), hidden=(), initializer="zeros"))
    session.train(60)
    shot, points = session.look(), session.points
    place = (np.arange(GRID) + 0.5) / GRID * 12 - 6
    spot = np.array([[place[30], place[7]]], "float32")
    answer = float(numbers(session.model(data.features(spot, session.state.features)))[0, 0])
    assert np.isclose(shot.output[7, 30], answer, atol=1e-5)
    y_hat = numbers(session.model(data.features(points.X_test, session.state.features)))
    assert np.isclose(shot.test_loss, np.mean((y_hat - points.y_test) ** 2), rtol=1e-4)
    assert shot.test_right == np.mean((y_hat > 0) == (points.y_test > 0))
    assert shot.train_right is not None
    assert shot.train_right > 0.9  # a sum of two squares is all that a circle needs
    assert session.history[-1][1] < session.history[0][1]


def test_dead_neurons_are_named() -> None:
    session = Session(State(hidden=(3,), activation="relu"))
    session.set_weight(0, 0, 1, 0.0)
    session.set_weight(0, 1, 1, 0.0)
    session.set_weight(0, None, 1, -1.0)
    assert session.look().dead == ((0, 1),)


def test_weights_that_are_no_numbers_are_noticed() -> None:
    session = Session(State(hidden=(2,)))
    assert not session.look().has_diverged
    session.set_weight(0, 0, 0, float("nan"))
    assert session.look().has_diverged
    session.reset()
    assert not session.look().has_diverged


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_learning_rate_changes_while_the_network_goes_on() -> None:
    session = Session(State(hidden=(2,), optimizer="adam"))
    before = weights(session)
    session.change(learning_rate=0.3, speed=5, show_test=True)
    assert equal(weights(session), before)
    assert np.isclose(float(session.model.optimizer.learning_rate), 0.3)


@pytest.mark.parametrize("change", [{"hidden": (3,)}, {"data": "xor"}, {"seed": 1}, {"noise": 20}, {"activation": "relu"}])
def test_a_change_of_data_or_network_begins_again(change: dict[str, Any]) -> None:
    session = Session(State(hidden=(2,)))
    session.epoch = 9
    session.change(**change)
    assert session.epoch == 0
    assert equal(weights(session), weights(Session(session.state)))


def test_a_change_that_is_refused_changes_nothing() -> None:
    session = Session(State(hidden=(2,)))
    before = session.state, weights(session)
    with pytest.raises(ValueError, match="expected at most 6"):
        session.change(noise=20, hidden=[1] * 9)
    assert session.state == before[0]
    assert equal(weights(session), before[1])


def test_reset_draws_other_first_weights_and_new_data_other_points() -> None:
    session = Session(State(hidden=(2,)))
    before, points = weights(session), session.points
    session.reset()
    assert not equal(weights(session), before)
    assert np.array_equal(session.points.X_train, points.X_train)
    session.regenerate()
    assert not np.array_equal(session.points.X_train, points.X_train)


def test_points_drawn_by_hand_are_learned_by_the_same_network() -> None:
    session = Session(State(data="drawn", hidden=(2,), train_share=90))
    session.train()  # nothing to learn yet, and no error
    assert np.isnan(session.look().train_loss)
    before = weights(session)
    session.change(points=[(1, 2, 1), (-1, -2, -1)])
    assert equal(weights(session), before)
    assert sorted(session.points.y_train[:, 0]) == [-1, 1]


@pytest.mark.parametrize(("layer", "row", "neuron"), [(0, 5, 0), (0, 0, 9), (7, 0, 0), (-1, 0, 0)])
def test_a_weight_that_is_not_there_is_refused(layer: int, row: int, neuron: int) -> None:
    with pytest.raises(ValueError, match="no such weight"):
        Session(State(hidden=(2,))).set_weight(layer, row, neuron, 1.0)


# ── a student's own model ────────────────────────────────────────────────────────────────────────────────────────────


def own(*, end: str = "sigmoid", inputs: int = 2, outputs: int = 1) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(3),
            keras.layers.LeakyReLU(),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(outputs, activation=end),
        ]
    )


def test_a_students_model_itself_is_trained_with_its_own_loss_and_looked_into() -> None:
    model = own()
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy")
    first = [np.array(value) for value in model.get_weights()]
    session = Session(State(data="gauss"), model)
    assert session.model is model
    assert session.state.learning_rate == 0.5
    shot = session.look()
    assert shot.sizes == (3,)
    assert np.isclose(shot.output[0, 0], 2 * float(numbers(model(np.array([[-5.88, -5.88]], "float32")))[0, 0]) - 1, atol=1e-4)
    session.train(3)
    shot = session.look()
    y_hat = np.clip(numbers(model(session.points.X_test)), 1e-7, 1 - 1e-7)
    truth = (session.points.y_test + 1) / 2
    assert np.isclose(shot.test_loss, -np.mean(truth * np.log(y_hat) + (1 - truth) * np.log(1 - y_hat)), rtol=1e-2)
    assert shot.test_right is not None
    assert shot.test_right > 0.9
    session.reset()
    assert equal(weights(session), first)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow compiles what a playground looks at")
def test_the_first_picture_does_not_wait_for_a_compiler_and_those_of_a_training_are_compiled() -> None:
    import tensorflow as tf

    traced: list[bool] = []

    class Noting(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            traced.append(tf.inside_function())
            return x

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), Noting(), keras.layers.Dense(1)])
    traced.clear()
    session = Session(State(data="xor"), model)
    session.look()
    assert traced
    assert not any(traced)
    session.train()
    traced.clear()
    session.look()
    assert traced == []


def test_a_model_that_is_not_compiled_gets_the_loss_that_fits_its_output() -> None:
    sigmoid, tanh = own(), own(end="tanh")
    Session(State(optimizer="adam"), sigmoid)
    Session(State(), tanh)
    assert (sigmoid.loss, tanh.loss) == ("binary_crossentropy", "mse")
    assert type(sigmoid.optimizer).__name__ == "Adam"


def test_a_schedule_of_a_students_optimizer_is_kept() -> None:
    model = own()
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)), "mse")
    session = Session(State(), model)
    assert session.has_schedule
    session.change(learning_rate=0.1)
    assert float(model.optimizer.learning_rate) == 0.5


def test_a_model_that_cannot_be_looked_into_is_shown_by_its_output_alone() -> None:
    class Doubled(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(2 * x)

    given = keras.Input((2,))
    model = keras.Model(given, Doubled()(given))
    assert Session(State(), model).look().neurons == ()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("a model", "model is 'a model': expected a Keras model with two inputs and one output"),
        (keras.Sequential, "call what you gave, with parentheses"),
        (own(inputs=3), r"maps \(None, 3\) to \(None, 1\): expected \(None, 2\) to \(None, 1\)"),
        (own(outputs=2), r"maps \(None, 2\) to \(None, 2\)"),
        (keras.Sequential([keras.layers.Dense(1)]), "the model is not built yet: begin it with keras.Input"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_a_sentence(model: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Session(State(), model)
