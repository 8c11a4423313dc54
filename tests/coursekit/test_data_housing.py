"""California housing comes with scikit-learn's columns, units and split, and a part of it stays sealed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import fetch_california_housing
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from coursekit import data
from coursekit.data import decode, housing
from coursekit.data.cache import Cache
from coursekit.data.registry import course_registry
from tests.coursekit import tinysets as tiny

PARTS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> data.Settings:
    """Where four hundred made-up districts lie on a mirror as the real ones do."""
    folder, files = tmp_path_factory.mktemp("tiny"), tiny.housing_files(tiny.housing_table())
    tiny.publish(folder / "mirror" / "california-housing", files)
    row = tiny.dataset("california-housing", files)
    return tiny.settings(row, folder / "cache", mirror=folder / "mirror")


@pytest.fixture(scope="module")
def loaded(settings: data.Settings) -> data.Housing:
    return data.load_california_housing(settings=settings)


def test_each_column_is_what_its_name_says(loaded: data.Housing) -> None:
    table = tiny.housing_table()
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = table.T
    expected = {
        "MedInc": income,
        "HouseAge": age,
        "AveRooms": rooms / households,
        "AveBedrms": bedrooms / households,
        "Population": population,
        "AveOccup": population / households,
        "Latitude": latitude,
        "Longitude": longitude,
    }
    assert tuple(expected) == loaded.feature_names
    rows = np.concatenate([np.column_stack([getattr(loaded, f"X_{p}"), getattr(loaded, f"y_{p}")]) for p in PARTS])
    official = np.column_stack([*expected.values(), value / 1e5])
    assert {row.tobytes() for row in rows} <= {row.tobytes() for row in official}


def test_the_split_is_that_of_scikit_learn_and_the_last_rows_are_sealed(loaded: data.Housing) -> None:
    value = tiny.housing_table()[:, 8] / 1e5
    rest, test = train_test_split(value, random_state=42)
    train, valid = train_test_split(rest, random_state=42)
    for part, expected in zip(PARTS, (train, valid, test[: len(test) // 2]), strict=True):
        np.testing.assert_array_equal(getattr(loaded, f"y_{part}"), expected)


def test_the_full_set_is_split_into_the_published_numbers_of_rows() -> None:
    train, valid, test = housing.split(20_640)
    rest, expected = train_test_split(np.arange(20_640), random_state=42)
    np.testing.assert_array_equal(test, expected)
    for ours, theirs in zip((train, valid), train_test_split(rest, random_state=42), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert (len(train), len(valid), len(test)) == (11_610, 3_870, 5_160)


def test_the_arrays_have_every_digit_of_the_file_and_cannot_be_changed(loaded: data.Housing) -> None:
    for part in PARTS:
        X, y = getattr(loaded, f"X_{part}"), getattr(loaded, f"y_{part}")
        assert X.shape == (len(y), 8)
        for array in (X, y):
            assert array.dtype == np.float64
            assert isinstance(array, np.memmap)
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
    assert loaded.source == "real"
    assert loaded.target_name == "MedHouseVal"
    assert "train 225" in repr(loaded)
    assert len(repr(loaded)) < 200


@pytest.mark.parametrize("dtype", [np.float32, "float32", np.dtype("float32"), float, np.float64, "float64"])
def test_another_type_may_be_asked_for_and_cannot_be_changed_either(
    settings: data.Settings, loaded: data.Housing, dtype
) -> None:
    asked = data.load_california_housing(dtype=dtype, settings=settings)
    for part in PARTS:
        for letter in "Xy":
            array, full = getattr(asked, f"{letter}_{part}"), getattr(loaded, f"{letter}_{part}")
            assert array.dtype == np.dtype(dtype)
            np.testing.assert_array_equal(array, full.astype(dtype))
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


@pytest.mark.parametrize("dtype", [int, "float16", np.uint8, "single precision", 32])
def test_a_type_in_which_the_numbers_would_be_others_is_refused(settings: data.Settings, dtype) -> None:
    with pytest.raises(ValueError, match=r"dtype is .*: expected float64 or float32"):
        data.load_california_housing(dtype=dtype, settings=settings)


@pytest.mark.parametrize("content", [b"", b"no archive", tiny.housing_files(np.ones((3, 8)))["cal_housing.tgz"]])
def test_an_archive_of_another_kind_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cal_housing.tgz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cal_housing\.(tgz|data)"):
        housing.read_rows({"cal_housing.tgz": path})


def test_an_archive_without_the_table_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cal_housing.tgz"
    path.write_bytes(tiny.housing_files(np.ones((3, 9)))["cal_housing.tgz"])
    with pytest.raises(ValueError, match=r"cal_housing\.tgz holds no table elsewhere"):
        decode.csv_in_tar(path, "elsewhere", columns=9)


def test_the_official_file_is_asked_for_under_its_number() -> None:
    row = course_registry()["california-housing"]
    assert [file.at(url) for file in row.files for url in row.urls] == ["https://ndownloader.figshare.com/files/5976036"]


@pytest.mark.real_data
def test_the_real_rows_are_those_of_scikit_learn(tmp_path: Path, mirror: Path) -> None:
    shutil.copy(mirror / "california-housing" / "cal_housing.tgz", tmp_path)
    official = fetch_california_housing(data_home=os.fspath(tmp_path))
    settings = data.Settings(course_registry(), Cache(tmp_path / "cache"), str(mirror), mode="real")
    loaded = data.load_california_housing(settings=settings)
    assert list(loaded.feature_names) == official.feature_names
    assert [loaded.target_name] == official.target_names
    rest_X, test_X, rest_y, test_y = train_test_split(official.data, official.target, random_state=42)
    train_X, valid_X, train_y, valid_y = train_test_split(rest_X, rest_y, random_state=42)
    expected = {"train": (train_X, train_y), "valid": (valid_X, valid_y), "test": (test_X[:2580], test_y[:2580])}
    for part, (X, y) in expected.items():
        np.testing.assert_array_equal(getattr(loaded, f"X_{part}"), X)
        np.testing.assert_array_equal(getattr(loaded, f"y_{part}"), y)


@pytest.mark.real_data
def test_the_code_of_the_book_gives_the_figure_of_the_book(tmp_path: Path, mirror: Path) -> None:
    """HOML, chapter 10, prints 0.5053326657968."""
    settings = data.Settings(course_registry(), Cache(tmp_path / "cache"), str(mirror), mode="real")
    loaded = data.load_california_housing(settings=settings)
    network = MLPRegressor(hidden_layer_sizes=[50, 50, 50], random_state=42)
    pipeline = make_pipeline(StandardScaler(), network).fit(loaded.X_train, loaded.y_train)
    assert root_mean_squared_error(loaded.y_valid, pipeline.predict(loaded.X_valid)) == pytest.approx(0.5053326658, abs=1e-6)
