"""Sealed splits: right shapes and types, the same at each call, and never among what students are given."""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from autograder import sealed
from autograder.authoring.publish import publish
from coursekit import data
from coursekit.data.cache import Cache
from coursekit.data.registry import course_registry
from tests.coursekit import tinysets as tiny

PARTS = ("train", "valid", "test")
SECRETS = [f"secret number {number}" for number in range(20)]


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """The secret that splits are drawn from: any will do."""
    monkeypatch.setenv(sealed.VARIABLE, "any secret")
    return "any secret"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> data.Settings:
    return data.Settings(course_registry(), Cache(tmp_path_factory.mktemp("cache")), mode="drawn")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> data.Settings:
    """Tiny sets with the names of the real ones, on a mirror."""
    folder = tmp_path_factory.mktemp("tiny")
    files = {
        "fashion-mnist": tiny.fashion_files(),
        "california-housing": tiny.housing_files(tiny.housing_table()),
        "clothing": tiny.clothing_files(),
    }
    for name, content in files.items():
        tiny.publish(folder / "mirror" / name, content)
    registry = {name: tiny.dataset(name, content) for name, content in files.items()}
    return data.Settings(registry, Cache(folder / "cache"), str(folder / "mirror"), mode="real")


def rows(X: np.ndarray, y: np.ndarray) -> list[bytes]:
    return [row.tobytes() + target.tobytes() for row, target in zip(X, y, strict=True)]


def given(splits: data.Housing | data.Splits) -> set[bytes]:
    """Every row that a loader returns, in any of its arrays."""
    return {row for part in PARTS for row in rows(getattr(splits, f"X_{part}"), getattr(splits, f"y_{part}"))}


def test_no_sealed_district_is_in_any_array_that_the_loader_returns(drawn: data.Settings) -> None:
    ours, theirs = rows(*sealed.load("california-housing", settings=drawn)), given(data.load_california_housing(settings=drawn))
    assert len(set(ours)) == 20_640
    assert not set(ours) & theirs


def test_no_sealed_district_can_be_drawn_again_with_what_students_have(drawn: data.Settings) -> None:
    from coursekit.data.housing import draw_rows

    assert not set(rows(*sealed.load("california-housing", settings=drawn))) & set(rows(*draw_rows()))


def test_no_sealed_district_of_the_real_kind_is_in_any_array_that_the_loader_returns(real: data.Settings) -> None:
    ours, theirs = rows(*sealed.load("california-housing", settings=real)), given(data.load_california_housing(settings=real))
    assert len(set(ours)) == 37  # three quarters of the 50 that the loader leaves out
    assert not set(ours) & theirs
    assert len(theirs) + 50 == 400


def test_no_sealed_district_lies_in_the_cache_that_the_loader_fills(drawn: data.Settings) -> None:
    """A student may read every file of the cache, not only what a loader returns."""
    data.load_california_housing(settings=drawn)
    X, _ = sealed.load("california-housing", settings=drawn)
    kept = b"".join(path.read_bytes() for path in drawn.cache.folder.rglob("*.npy"))
    assert len(kept) > 20_640 * 7 / 8 * 72
    assert not [row for row in X[::400] if row.tobytes() in kept]


def test_real_sealed_districts_are_rows_that_the_loader_leaves_out_each_changed_a_little(real: data.Settings) -> None:
    from sklearn.model_selection import train_test_split

    table = tiny.housing_table()
    value = table[:, 8] / 1e5
    _, left_out = train_test_split(value, random_state=42)
    X, y = sealed.load("california-housing", settings=real)
    assert not set(y) - set(left_out[50:])
    rows_left, values_left = data.housing.read_rows(data.sources.fetch_all(real.registry["california-housing"], real))
    nearest = np.array([np.argmin(abs(values_left - price)) for price in y])
    assert (rows_left[nearest] != X).any(axis=1).all(), "a table of the census does not hold one of these rows"
    np.testing.assert_allclose(X[:, :6], rows_left[nearest][:, :6], rtol=0.006, atol=0.6)
    np.testing.assert_allclose(X[:, 6:], rows_left[nearest][:, 6:], atol=0.0041)
    assert (X[:, 4] == np.rint(X[:, 4])).all()


@pytest.mark.parametrize("name", sealed.NAMES)
def test_another_secret_gives_other_samples(
    name: str, drawn: data.Settings, real: data.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for settings in (real,) if name == "clothing" else (real, drawn):
        samples = []
        for secret in ("one", "two"):
            monkeypatch.setenv(sealed.VARIABLE, secret)
            samples.append(set(rows(*sealed.load(name, size=64, settings=settings))))
        assert not samples[0] & samples[1]


def test_without_a_secret_a_process_draws_its_own_and_keeps_to_it(
    drawn: data.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when stock nbgrader runs the source notebook."""
    load = partial(sealed.load, "california-housing", settings=drawn)
    known = load()[0]
    monkeypatch.delenv(sealed.VARIABLE)
    here = load()[0]
    np.testing.assert_array_equal(load()[0], here)
    sealed._own_secret.cache_clear()
    assert not np.array_equal(load()[0], here)
    assert not np.array_equal(known, here)


def test_districts_are_as_hard_for_every_secret(drawn: data.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the hidden test of lab 3 draws its line between good networks and poor ones wherever the secret falls."""
    from sklearn.tree import DecisionTreeRegressor

    given = data.load_california_housing(settings=drawn)
    for leaves in (8, 150):
        model = DecisionTreeRegressor(max_leaf_nodes=leaves, random_state=0).fit(given.X_train, given.y_train)
        errors = []
        for secret in SECRETS:
            monkeypatch.setenv(sealed.VARIABLE, secret)
            X, y = sealed.load("california-housing", settings=drawn)
            errors.append(np.sqrt(np.mean((model.predict(X) - y) ** 2)))
        X, y = np.concatenate([given.X_valid, given.X_test]), np.concatenate([given.y_valid, given.y_test])
        usual = np.sqrt(np.mean((model.predict(X) - y) ** 2))
        assert np.std(errors) < 0.012 * usual
        assert abs(np.array(errors) / usual - 1).max() < 0.06


@pytest.mark.parametrize(
    ("name", "shape", "types"),
    [
        ("california-housing", (20640, 8), (np.float64, np.float64)),
        ("fashion-mnist", (2000, 28, 28), (np.uint8, np.int64)),
    ],
)
def test_shapes_and_types_are_those_of_the_loader_and_each_call_gives_the_same(
    drawn: data.Settings, name: str, shape: tuple[int, ...], types: tuple[type, type]
) -> None:
    X, y = sealed.load(name, settings=drawn)
    assert (X.shape, y.shape) == (shape, shape[:1])
    assert (X.dtype, y.dtype) == types
    again = sealed.load(name, settings=drawn)
    np.testing.assert_array_equal(again[0], X)
    np.testing.assert_array_equal(again[1], y)
    X[0] = 0  # a test may do as it likes with its copy


def test_sealed_pictures_are_test_pictures_changed_a_little_and_none_is_unchanged(real: data.Settings) -> None:
    X, y = sealed.load("fashion-mnist", settings=real)
    fashion = data.load_fashion_mnist(settings=real)
    assert sorted(y) == sorted(fashion.y_test)  # the tiny set has fewer than two thousand
    assert (X.dtype, y.dtype) == (np.uint8, np.int64)
    assert not set(rows(X, y)) & given(fashion)


def test_a_moved_picture_is_the_old_one_between_its_neighbours() -> None:
    picture = np.zeros((1, 9, 9), np.uint8)
    picture[0, 4, 4] = 200
    for seed in range(20):
        moved = sealed._moved(np.random.default_rng(seed), picture)[0]
        assert moved.sum() == pytest.approx(200)
        row, column = (np.average(np.arange(9), weights=moved.sum(axis=axis)) for axis in (1, 0))
        assert abs(row - 4) <= 0.5
        assert abs(column - 4) <= 0.5
        assert (row, column) != (4, 4)


def test_sealed_drawings_are_none_of_the_drawn_pictures(drawn: data.Settings) -> None:
    from coursekit.drawn import fashion_mnist

    X, y = sealed.load("fashion-mnist", settings=drawn)
    _, _, X_test, y_test = fashion_mnist(train=0)
    assert not set(rows(X, y)) & set(rows(X_test, y_test.astype(np.int64)))
    assert np.bincount(y).tolist() == [200] * 10


@pytest.mark.parametrize("size", [64, 160])
def test_sealed_photographs_are_the_test_photographs_cut_otherwise(real: data.Settings, size: int) -> None:
    X, y = sealed.load("clothing", size=size, settings=real)
    clothing = data.load_clothing(size, settings=real)
    assert (X.shape, X.dtype, y.dtype) == (clothing.X_test.shape, np.uint8, np.int64)
    assert np.bincount(y).tolist() == np.bincount(clothing.y_test).tolist() == [2] * 10
    assert not set(rows(X, y)) & given(clothing)
    middle = X[:, size // 2, size // 2, 0].astype(int)
    assert (abs(middle - (20 * y + 30)) < 8).all()  # each has the colour of its class
    dot = size // 8
    left, right = X[:, dot, dot].min(axis=1) > 200, X[:, dot, -dot].min(axis=1) > 200
    assert (left ^ right).all()
    assert left.sum() == right.sum() == 10  # every other one is mirrored
    again = sealed.load("clothing", size=size, settings=real)
    np.testing.assert_array_equal(again[0], X)


def test_the_environment_decides_between_real_and_drawn(real: data.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    choices: tuple[tuple[data.settings.Mode, int], ...] = (("real", 37), ("drawn", 20_640))
    for mode, count in choices:
        settings = dataclasses.replace(real, mode=mode)
        monkeypatch.setattr(data.Settings, "from_environment", classmethod(lambda cls, settings=settings: settings))
        assert len(sealed.load("california-housing")[0]) == count


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="california-housing"):
        sealed.load("houses")


def test_the_real_set_that_cannot_be_had_is_an_error_that_says_so(tmp_path: Path) -> None:
    row = tiny.dataset("california-housing", tiny.housing_files(tiny.housing_table()))
    with pytest.raises(data.DataError, match="california-housing"):
        sealed.load("california-housing", settings=tiny.settings(row, tmp_path / "cache", mode="real"))


def test_the_published_course_has_no_sealed_module_and_nothing_in_it_asks_for_one(root: Path, tmp_path: Path) -> None:
    files = publish(root, tmp_path / "course")
    assert not [path for path in files if "sealed" in path.name]
    asking = re.compile(r"autograder(\.|\s+import\s+)sealed|sealed\.load|" + sealed.VARIABLE)
    for path in files:
        if path.suffix in (".py", ".ipynb", ".toml"):
            assert not asking.search((tmp_path / "course" / path).read_text(encoding="utf-8")), path


def test_nothing_that_students_import_knows_the_sealed_module(root: Path) -> None:
    for path in (root / "coursekit").rglob("*.py"):
        assert "autograder" not in re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL), path
