"""Tiny Shakespeare as one text, and the file of MobileNet's weights: real, drawn where there is a stand-in, or a clear error."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coursekit import data
from coursekit.data.cache import Cache
from coursekit.data.registry import course_registry
from tests.coursekit import tinysets as tiny

TEXT = "First Voice:\nWho's there?\n\nSecond Voice:\nNay, answer me; 'tis late.\n"
WEIGHTS = {"weights.h5": b"\x89HDF and so on"}


def test_the_text_is_that_of_the_file(tmp_path: Path) -> None:
    mirror = tiny.publish(tmp_path / "mirror" / "tinyshakespeare", {"input.txt": TEXT.encode()}).parent
    row = tiny.dataset("tinyshakespeare", {"input.txt": TEXT.encode()})
    for _ in range(2):
        loaded = data.load_shakespeare(settings=tiny.settings(row, tmp_path / "cache", mirror=mirror))
        assert loaded.text == TEXT
        assert loaded.source == "real"
        assert len(repr(loaded)) < 100


def test_a_drawn_text_serves_when_asked_for(tmp_path: Path) -> None:
    loaded = data.load_shakespeare(settings=data.Settings(course_registry(), Cache(tmp_path), mode="drawn"))
    assert loaded.source == "drawn"
    assert len(loaded.text) > 1_000_000


def test_the_weights_are_a_checked_file(tmp_path: Path) -> None:
    mirror = tiny.publish(tmp_path / "mirror" / "mobilenet", WEIGHTS).parent
    row = tiny.dataset("mobilenet", WEIGHTS)
    path = data.mobilenet_weights(settings=tiny.settings(row, tmp_path / "cache", mirror=mirror))
    assert path.read_bytes() == WEIGHTS["weights.h5"]
    assert path.suffix == ".h5"


def test_where_only_drawn_data_may_serve_the_weights_are_refused_with_what_serves_instead(tmp_path: Path) -> None:
    mirror = tiny.publish(tmp_path / "mirror" / "mobilenet", WEIGHTS).parent
    row = tiny.dataset("mobilenet", WEIGHTS)
    settings = tiny.settings(row, tmp_path / "cache", mirror=mirror, mode="drawn")
    with pytest.raises(data.DataError, match=r"COURSEKIT_DATA=drawn.*coursekit\.backbones\.drawn"):
        data.mobilenet_weights(settings=settings)
    assert data.source("mobilenet", settings=settings) == "drawn"


def test_weights_that_cannot_be_had_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    row = tiny.dataset("mobilenet", WEIGHTS, tiny.closed_port())
    with pytest.raises(data.DataError, match=r"(?s)weights\.h5.*What to do"):
        data.mobilenet_weights(settings=tiny.settings(row, tmp_path / "cache"))
    assert data.source("mobilenet", settings=tiny.settings(row, tmp_path / "cache")) == "drawn"


@pytest.mark.real_data
def test_the_real_weights_load_into_the_network_they_are_for(tmp_path: Path, mirror: Path) -> None:
    import keras

    settings = data.Settings(course_registry(), Cache(tmp_path), os.fspath(mirror), mode="real")
    weights = os.fspath(data.mobilenet_weights(settings=settings))
    model = keras.applications.MobileNet((96, 96, 3), alpha=0.25, include_top=False, weights=weights)
    assert model.count_params() == 218_544
