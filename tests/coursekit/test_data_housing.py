"""California housing comes with scikit-learn's columns, units and split, and a part of it stays sealed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import fetch_california_housing
from sklearn.model_selection import train_test_split

from coursekit import data
from coursekit.data import decode, housing
from coursekit.data.cache import Cache
from coursekit.data.registry import course_registry
from tests.coursekit import tinysets as tiny

PARTS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> data.Housing:
    """Four hundred made-up districts, loaded from a mirror as the real ones are."""
    folder, files = tmp_path_factory.mktemp("tiny"), tiny.housing_files(tiny.housing_table())
    tiny.publish(folder / "mirror" / "california-housing", files)
    row = tiny.dataset("california-housing", files)
    return data.load_california_housing(settings=tiny.settings(row, folder / "cache", mirror=folder / "mirror"))


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
    official = np.column_stack([*expected.values(), value / 1e5]).astype(np.float32)
    assert {row.tobytes() for row in rows} <= {row.tobytes() for row in official}


def test_the_split_is_that_of_scikit_learn_and_the_last_rows_are_sealed(loaded: data.Housing) -> None:
    value = (tiny.housing_table()[:, 8] / 1e5).astype(np.float32)
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


def test_the_arrays_are_single_precision_and_cannot_be_changed(loaded: data.Housing) -> None:
    for part in PARTS:
        X, y = getattr(loaded, f"X_{part}"), getattr(loaded, f"y_{part}")
        assert X.shape == (len(y), 8)
        for array in (X, y):
            assert array.dtype == np.float32
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
    assert loaded.source == "real"
    assert loaded.target_name == "MedHouseVal"
    assert "train 225" in repr(loaded)
    assert len(repr(loaded)) < 200


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
        np.testing.assert_array_equal(getattr(loaded, f"X_{part}"), X.astype(np.float32))
        np.testing.assert_array_equal(getattr(loaded, f"y_{part}"), y.astype(np.float32))
