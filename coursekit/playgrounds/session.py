"""A playground at work: settings, data, network and training together, without anything to look at.

Knows nothing of widgets or figures.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.playgrounds import data, network
from coursekit.playgrounds.state import State
from coursekit.playgrounds.training import Trainer, Watcher

if TYPE_CHECKING:
    import keras

__all__ = ["GRID", "Session", "Snapshot"]

GRID = 50  # points of the plane in each direction at which the network is asked
_GRAIN = (np.arange(GRID) + 0.5) / GRID * 2 * data.EDGE - data.EDGE
_MOST_SHOWN = 8  # neurons per layer of a student's own model
# What may change while the network goes on: everything else begins again.
_HARMLESS = {"learning_rate", "batch_size", "show_test", "discretize", "speed", "hide", "points"}


@dataclass(frozen=True)
class Snapshot:
    """What can be seen of a playground at one moment.

    Attributes:
        epoch: Whole epochs so far.
        step: Steps since then.
        steps: Steps of an epoch.
        train_loss: Loss on the training points without penalties; NaN where there are none.
        test_loss: The same on the test points.
        train_right: Share of the training points on their right side; None in regression.
        test_right: The same for the test points.
        output: What the network answers on the plane, (GRID, GRID), from −1 to 1, the first row at the bottom.
        neurons: What the hidden neurons answer there: per layer (neurons shown, GRID, GRID).
        sizes: Neurons of each hidden layer.
        weights: Weights (inputs, neurons) and biases (neurons,) of each layer, the output layer last.
        dead: Neurons, as (layer, number) from 0, that answer 0 everywhere on the plane.
        history: (epoch, training loss, test loss) after each epoch, and of the start.
        has_diverged: Whether a weight is no longer a number.
    """

    epoch: int
    step: int
    steps: int
    train_loss: float
    test_loss: float
    train_right: float | None
    test_right: float | None
    output: np.ndarray
    neurons: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]
    weights: tuple[tuple[np.ndarray, np.ndarray], ...]
    dead: tuple[tuple[int, int], ...]
    history: tuple[tuple[int, float, float], ...]
    has_diverged: bool


class Session:
    """A network that learns two-input data in small pieces.

    Args:
        state: The settings.
        model: A student's own model, or None for the one that the settings describe.

    Raises:
        ValueError: If the model does not map (n, 2) to (n, 1).
    """

    def __init__(self, state: State, model: Any = None) -> None:
        self._own = model
        self.state = self._fitting(state)
        self._network = network.build(self.state) if model is None else network.adopt(model, self.state)
        self._prepare()
        if self.is_own and (rate := self._network.learning_rate()):
            with suppress(ValueError):  # a rate that no control can show
                self.state = self.state.changed(learning_rate=rate)
        self._load()
        self._begin()

    def _fitting(self, state: State) -> State:
        """Return a state with the two inputs that a student's own model takes."""
        return state if self._own is None else state.changed(features=("x1", "x2"))

    def _prepare(self) -> None:
        """Get ready for the network: nothing is compiled before it is needed."""
        self._trainer = Trainer(self._network.model)
        hidden = [layer.output for layer in self._network.layers[:-1]]
        self._watcher = Watcher(self._network.model, hidden)

    def _load(self) -> None:
        """Make the data, and their features together with those of the plane."""
        state = self.state
        if state.data == "drawn":
            table = np.array(state.points, "float32").reshape(-1, 3)
            order = np.random.default_rng(state.seed).permutation(len(table))
            X, y = table[order, :2], table[order, 2]
        else:
            X, y = data.make(state.data, state.noise, state.seed)
        self.points = data.split(X, y, state.train_share)
        plane = np.stack(np.meshgrid(_GRAIN, _GRAIN), axis=-1).reshape(-1, 2)
        seen = np.concatenate([plane, self.points.X_train, self.points.X_test])
        self._seen = data.features(seen, state.features)
        self._order: list[np.ndarray] = []

    def _begin(self) -> None:
        """Begin at epoch 0."""
        self._rng = np.random.default_rng([self.state.seed, self.state.start])
        self._order = []
        self.epoch = 0
        self._history: list[tuple[int, float, float]] = []
        self._remember(self._answers())

    # ── what it holds ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def model(self) -> keras.Model:
        """The Keras model, as it is now."""
        return self._network.model

    @property
    def is_own(self) -> bool:
        """Whether a student brought the model along."""
        return self._network.is_own

    @property
    def has_schedule(self) -> bool:
        """Whether a schedule of the optimizer decides about the learning rate."""
        return self._network.learning_rate() is None

    @property
    def history(self) -> tuple[tuple[int, float, float], ...]:
        """(epoch, training loss, test loss) after each epoch, and of the start."""
        return tuple(self._history)

    # ── what it does ─────────────────────────────────────────────────────────────────────────────────────────────────

    def change(self, **settings: Any) -> None:
        """Change settings. Training begins again, except for the learning rate, batches, drawn points and the display.

        Raises:
            ValueError: If a name or a value is not allowed. Then nothing has changed.
        """
        before = self.state
        self.state = self._fitting(before.changed(**settings))
        different = {name for name in settings if getattr(before, name) != getattr(self.state, name)}
        if not self.is_own and not network.is_same_kind(before, self.state):
            self._network = network.build(self.state)
            self._prepare()
        if different - {"show_test", "discretize", "speed", "hide", "learning_rate"}:
            self._load()
        if different - _HARMLESS:
            self._network.start(self.state)
            self._begin()
        if "learning_rate" in different:
            self._network.set_learning_rate(self.state.learning_rate)

    def reset(self) -> None:
        """Begin again with other random weights; a student's own model with those that it came with."""
        self.change(start=self.state.start + 1)

    def regenerate(self) -> None:
        """Begin again with newly drawn data."""
        self.change(seed=self.state.seed + 1)

    def step(self) -> None:
        """Take one step, on the next batch."""
        self._run(1)

    def train(self, epochs: int = 1) -> None:
        """Train to the end of this epoch, and `epochs − 1` more."""
        for _ in range(epochs):
            self._run(self.steps)

    @property
    def steps(self) -> int:
        """Steps of one epoch."""
        return -(-len(self.points.X_train) // self.state.batch_size)

    def set_weight(self, layer: int, row: int | None, neuron: int, value: float) -> None:
        """Give one weight another value.

        Args:
            layer: Number of the layer from 0; the output layer is the last.
            row: Number of the input, or None for the bias.
            neuron: Number of the neuron.
            value: The weight.

        Raises:
            ValueError: If there is no such weight.
        """
        if not 0 <= layer < len(self._network.layers):
            raise ValueError("this neuron has no such weight")
        self._network.layers[layer].set_weight(row, neuron, value)

    def _run(self, most: int) -> None:
        """Take up to `most` steps, and no further than to the end of the epoch."""
        count = len(self.points.X_train)
        if not count:
            return
        if not self._order:
            rows = self._rng.permutation(count)
            self._order = [rows[i : i + self.state.batch_size] for i in range(0, count, self.state.batch_size)]
        batches, self._order = self._order[:most], self._order[most:]
        low = self._network.lowest
        X, y = self._seen[GRID**2 : GRID**2 + count], self.points.y_train
        self._trainer.run(X, y if low == -1 else (y + 1) / 2, batches)
        self._watcher.compile()  # who trains looks often; the first picture does not wait for the compiler
        if not self._order:
            self.epoch += 1
            self._remember(self._answers())

    # ── what can be seen ─────────────────────────────────────────────────────────────────────────────────────────────

    def look(self) -> Snapshot:
        """Return what can be seen now."""
        answers = self._answers()
        plane = [part[: GRID**2].T.reshape(-1, GRID, GRID) for part in answers]
        low = self._network.lowest
        *hidden, output = plane
        hidden = [part[:_MOST_SHOWN] for part in hidden]
        train_loss, test_loss = self._losses(answers[-1])
        train_right, test_right = self._right(answers[-1])
        weights = tuple(layer.weights() for layer in self._network.layers)
        finite = all(np.isfinite(value).all() for pair in weights for value in pair) and bool(np.isfinite(answers[-1]).all())
        return Snapshot(
            epoch=self.epoch,
            step=self.steps - len(self._order) if self._order else 0,
            steps=self.steps,
            train_loss=train_loss,
            test_loss=test_loss,
            train_right=train_right,
            test_right=test_right,
            output=np.clip((output[0] - low) * 2 / (1 - low) - 1, -1, 1),
            neurons=tuple(hidden),
            sizes=tuple(part.shape[1] for part in answers[:-1]),
            weights=weights,
            dead=tuple((i, j) for i, part in enumerate(hidden) for j in range(len(part)) if not part[j].any()),
            history=self.history,
            has_diverged=not finite,
        )

    def _answers(self) -> list[np.ndarray]:
        return self._watcher(self._seen)

    def _parts(self, y_hat: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return (targets, answers) of the training and the test points."""
        y_hat, count = y_hat[GRID**2 :], len(self.points.X_train)
        return [(self.points.y_train, y_hat[:count]), (self.points.y_test, y_hat[count:])]

    def _losses(self, y_hat: np.ndarray) -> list[float]:
        return [self._loss(y, part) for y, part in self._parts(y_hat)]

    def _loss(self, y: np.ndarray, y_hat: np.ndarray) -> float:
        import keras

        if not len(y):
            return float("nan")
        if not self.is_own:
            return float(np.mean(np.square(y_hat.astype("float64") - y)))
        y = y if self._network.lowest == -1 else (y + 1) / 2
        return float(np.mean(keras.ops.convert_to_numpy(keras.losses.get(self.model.loss)(y, y_hat))))

    def _right(self, y_hat: np.ndarray) -> list[float | None]:
        if self.state.data in data.REGRESSION:
            return [None, None]
        middle = (1 + self._network.lowest) / 2
        return [float(np.mean((part > middle) == (y > 0))) if len(y) else None for y, part in self._parts(y_hat)]

    def _remember(self, answers: list[np.ndarray]) -> None:
        train, test = self._losses(answers[-1])
        self._history.append((self.epoch, train, test))
