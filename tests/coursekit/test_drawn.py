"""The drawn Fashion-MNIST has the real one's shapes, classes and kind of difficulty, and is the same everywhere."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coursekit import data, drawn
from coursekit.data.cache import Cache
from coursekit.data.registry import course_registry
from coursekit.drawn import _fashion

TOPS, SHOES, EASY = (0, 2, 3, 4, 6), (5, 7, 9), (1, 8)


@pytest.fixture(scope="module")
def fashion(tmp_path_factory: pytest.TempPathFactory) -> data.Splits:
    """The whole drawn set, drawn once for all the tests here."""
    settings = data.Settings(course_registry(), Cache(tmp_path_factory.mktemp("cache")), mode="drawn")
    return data.load_fashion_mnist(settings=settings)


def test_it_has_the_shapes_and_types_of_the_real_set(fashion: data.Splits) -> None:
    assert fashion.source == "drawn"
    for part, n in (("train", 55_000), ("valid", 5_000), ("test", 10_000)):
        X, y = getattr(fashion, f"X_{part}"), getattr(fashion, f"y_{part}")
        assert (X.shape, X.dtype) == ((n, 28, 28), np.uint8)
        assert (y.shape, y.dtype) == ((n,), np.int64)


def test_its_classes_are_those_of_the_real_set_in_the_same_order(fashion: data.Splits) -> None:
    assert tuple(drawn.CLASSES) == fashion.class_names


def test_each_class_has_as_many_samples_as_in_the_real_set_well_shuffled(fashion: data.Splits) -> None:
    together = np.concatenate([fashion.y_train, fashion.y_valid])
    assert np.bincount(together).tolist() == [6000] * 10
    assert np.bincount(fashion.y_test).tolist() == [1000] * 10
    assert np.bincount(fashion.y_valid).min() > 300  # 500 expected, standard deviation 20


def test_light_clothes_on_black_fill_the_whole_range_of_greys(fashion: data.Splits) -> None:
    X = fashion.X_train
    assert X.min() == 0
    assert X.max() == 255
    assert 60 < X.mean() < 86  # the real set: 72.9
    assert 80 < X.std() < 100  # 90.0
    assert (X[:, 0, 0] == 0).mean() > 0.95


def test_no_two_pictures_are_the_same(fashion: data.Splits) -> None:
    pictures = np.concatenate([fashion.X_train, fashion.X_valid, fashion.X_test])
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_every_garment_is_in_sight(fashion: data.Splits) -> None:
    covered = (fashion.X_train > 20).mean(axis=(1, 2))
    assert covered.min() > 0.03
    assert covered.max() < 0.95


def test_the_nearest_class_mean_is_right_about_as_often_as_on_the_real_set(fashion: data.Splits) -> None:
    X = fashion.X_train.reshape(-1, 784).astype(np.float32)
    means = np.stack([X[fashion.y_train == label].mean(axis=0) for label in range(10)])
    test = fashion.X_test.reshape(-1, 784).astype(np.float32)
    distances = (means**2).sum(axis=1) - 2 * test @ means.T
    accuracy = (distances.argmin(axis=1) == fashion.y_test).mean()
    assert 0.60 <= accuracy <= 0.72  # the real set: 0.677


def test_the_course_network_finds_it_as_hard_as_the_real_set_and_errs_in_the_same_places(fashion: data.Splits) -> None:
    from coursekit import models, training

    mean, std = fashion.X_train.mean(), fashion.X_train.std()
    X, X_test = (((part - mean) / std).astype(np.float32) for part in (fashion.X_train, fashion.X_test))
    model = models.mlp()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    training.fit(model, X, fashion.y_train, epochs=10, batch_size=128, verbose=0)
    guess = model.predict(X_test, verbose=0).argmax(axis=1)

    assert 0.86 <= (guess == fashion.y_test).mean() <= 0.91  # the real set: 0.88
    wrong = guess != fashion.y_test
    for group in (TOPS, SHOES):
        ours = np.isin(fashion.y_test, group) & wrong
        assert np.isin(guess[ours], group).mean() > 0.9
    # Counted from both sides, for which of two mixed-up classes a network prefers is a matter of chance.
    mixed_up = np.bincount(fashion.y_test[wrong], minlength=10) + np.bincount(guess[wrong], minlength=10)
    assert fashion.class_names[mixed_up.argmax()] == "Shirt"  # as in the real set
    for label in EASY:
        assert (guess == label)[fashion.y_test == label].mean() > 0.95


def digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def test_another_process_draws_the_same_bytes(root: Path) -> None:
    code = (
        "from coursekit.drawn import fashion_mnist; from tests.coursekit.test_drawn import digest; "
        "print(digest(*fashion_mnist(2000, 1000)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert run.stdout.strip() == digest(*drawn.fashion_mnist(2000, 1000)), run.stderr


def test_the_data_card_states_the_checksum_of_what_is_drawn(fashion: data.Splits, root: Path) -> None:
    """The figures quoted in the labs were measured on these bytes; a change of the drawing must be made knowingly."""
    card = (root / "datasets" / "drawn-fashion-mnist.md").read_text(encoding="utf-8")
    stated = re.findall(r"\b[0-9a-f]{64}\b", card)
    assert stated == [digest(fashion.X_train, fashion.X_valid, fashion.X_test)]


def test_another_seed_draws_other_garments() -> None:
    ours, other = drawn.fashion_mnist(100, 10), drawn.fashion_mnist(100, 10, seed=1)
    assert digest(ours[0]) != digest(other[0])


def test_counts_that_cannot_be_shared_among_ten_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 10"):
        drawn.fashion_mnist(15, 10)


@pytest.mark.parametrize("label", range(10))
def test_any_number_of_garments_of_one_class_can_be_drawn(label: int) -> None:
    for n in (0, 1, 7):
        pictures = _fashion.garments(label, n, np.random.default_rng())
        assert (pictures.shape, pictures.dtype) == ((n, 28, 28), np.uint8)
