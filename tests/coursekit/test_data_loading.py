"""The loaders: the right splits, real where it can be had, drawn after a warning nobody can miss, an error where one is wanted."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coursekit import data
from coursekit.data import choice
from coursekit.data.registry import Dataset
from tests.coursekit import tinysets as tiny

ARRAYS = tiny.fashion_arrays()


@pytest.fixture(scope="module")
def fashion(tmp_path_factory: pytest.TempPathFactory) -> data.Splits:
    """The tiny Fashion-MNIST, loaded from a mirror."""
    folder = tmp_path_factory.mktemp("tiny")
    tiny.publish(folder / "mirror" / "fashion-mnist", tiny.fashion_files())
    row = tiny.dataset("fashion-mnist", tiny.fashion_files())
    return data.load_fashion_mnist(settings=tiny.settings(row, folder / "cache", mirror=folder / "mirror"))


def test_validation_is_the_last_five_thousand_training_samples(fashion: data.Splits) -> None:
    images, labels = ARRAYS["train-images-idx3-ubyte.gz"], ARRAYS["train-labels-idx1-ubyte.gz"]
    np.testing.assert_array_equal(fashion.X_valid, images[-5000:])
    np.testing.assert_array_equal(fashion.y_valid, labels[-5000:])
    np.testing.assert_array_equal(fashion.X_train, images[:-5000])
    np.testing.assert_array_equal(fashion.y_train, labels[:-5000])
    np.testing.assert_array_equal(fashion.X_test, ARRAYS["t10k-images-idx3-ubyte.gz"])
    np.testing.assert_array_equal(fashion.y_test, ARRAYS["t10k-labels-idx1-ubyte.gz"])


def test_pictures_are_bytes_labels_integers_and_nothing_can_be_changed(fashion: data.Splits) -> None:
    for part in ("train", "valid", "test"):
        X, y = getattr(fashion, f"X_{part}"), getattr(fashion, f"y_{part}")
        assert (X.dtype, y.dtype) == (np.uint8, np.int64)
        for array in (X, y):
            assert isinstance(array, np.memmap)
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        fashion.source = "drawn"  # type: ignore[misc]
    assert len(fashion.class_names) == 10
    assert fashion.source == "real"
    assert len(repr(fashion)) < 200


def test_other_checksums_give_another_entry_so_old_arrays_are_never_mistaken_for_new(tmp_path: Path) -> None:
    old, new = {"numbers": b"old"}, {"numbers": b"new!"}
    for files in (old, new, old):
        tiny.publish(tmp_path / "mirror" / "changing", files)
        settings = tiny.settings(tiny.dataset("changing", files), tmp_path / "cache", mirror=tmp_path / "mirror")
        arrays, _ = choice.load(tiny.kind("changing"), settings)
        assert arrays["numbers"].tobytes() == files["numbers"]


def nowhere(name: str) -> Dataset:
    """A set that nobody publishes."""
    return tiny.dataset(name, {"numbers": b"123"}, tiny.closed_port())


def test_without_any_source_the_drawn_set_serves_after_one_framed_warning(tmp_path: Path, capfd: Any) -> None:
    settings = tiny.settings(nowhere("lost"), tmp_path / "cache")
    for _ in range(3):
        arrays, source = choice.load(tiny.kind("lost"), settings)
        assert source == choice.source_of(tiny.kind("lost"), settings) == "drawn"
        assert not arrays["numbers"].any()
    out, err = capfd.readouterr()
    assert out.count("WARNING") == 1
    assert "lost" in out
    assert "127.0.0.1 cannot be reached" in out
    assert out.startswith("####")
    assert err == ""


def test_when_asked_for_the_drawn_set_comes_without_a_warning_and_without_a_look_at_the_real_one(
    tmp_path: Path, capfd: Any
) -> None:
    tiny.publish(tmp_path / "mirror" / "asked", {"numbers": b"123"})
    row = tiny.dataset("asked", {"numbers": b"123"})
    settings = tiny.settings(row, tmp_path / "cache", mirror=tmp_path / "mirror", mode="drawn")
    assert choice.source_of(tiny.kind("asked"), settings) == "drawn"
    assert choice.load(tiny.kind("asked"), settings)[1] == "drawn"
    assert capfd.readouterr() == ("", "")


def test_when_only_the_real_set_will_do_its_absence_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    settings = tiny.settings(nowhere("wanted"), tmp_path / "cache", mode="real")
    with pytest.raises(data.DataError, match=r"(?s)wanted.*numbers.*127\.0\.0\.1.*What to do"):
        choice.load(tiny.kind("wanted"), settings)
    with pytest.raises(data.DataError, match="wanted"):
        choice.source_of(tiny.kind("wanted"), settings)


def test_the_source_is_known_before_anything_is_loaded(tmp_path: Path) -> None:
    tiny.publish(tmp_path / "mirror" / "near", {"numbers": b"123"})
    settings = tiny.settings(tiny.dataset("near", {"numbers": b"123"}), tmp_path / "cache", mirror=tmp_path / "mirror")
    assert choice.source_of(tiny.kind("near"), settings) == "real"
    assert not (tmp_path / "cache").exists()


def test_a_set_only_in_the_cache_is_real_without_network_and_mirror(tmp_path: Path) -> None:
    row, files = nowhere("kept"), {"numbers": b"123"}
    mirror = tiny.publish(tmp_path / "mirror" / "kept", files).parent
    choice.load(tiny.kind("kept"), tiny.settings(row, tmp_path / "cache", mirror=mirror))
    (tmp_path / "cache" / "kept" / "numbers").unlink()  # the decoded arrays are enough
    settings = tiny.settings(row, tmp_path / "cache")
    assert choice.source_of(tiny.kind("kept"), settings) == "real"
    assert choice.load(tiny.kind("kept"), settings)[0]["numbers"].tobytes() == b"123"


@pytest.mark.parametrize("value", ["Real", "fake", "1", "auto"])
def test_a_wrong_environment_value_is_refused_with_the_right_ones(value: str) -> None:
    with pytest.raises(ValueError, match=r"COURSEKIT_DATA.*real.*drawn"):
        data.Settings.from_environment({"COURSEKIT_DATA": value})


def test_the_environment_sets_cache_mirror_and_mode(tmp_path: Path) -> None:
    settings = data.Settings.from_environment(
        {"COURSEKIT_DATA": "real", "COURSEKIT_MIRROR": "https://example.org/m", "COURSEKIT_CACHE": str(tmp_path)}
    )
    assert (settings.mode, settings.mirror, settings.cache.folder) == ("real", "https://example.org/m", tmp_path)
    bare = data.Settings.from_environment({"COURSEKIT_DATA": "", "COURSEKIT_MIRROR": " "})
    assert (bare.mode, bare.mirror) == ("auto", None)


def test_an_unknown_set_is_an_error_that_names_the_known_ones() -> None:
    for function in (data.source, data.fetch):
        with pytest.raises(ValueError, match="fashion-mnist"):
            function("fashion")


def test_a_set_without_a_loader_can_be_fetched_as_files(tmp_path: Path) -> None:
    mirror = tiny.publish(tmp_path / "mirror" / "weights", {"numbers": b"123"}).parent
    settings = tiny.settings(tiny.dataset("weights", {"numbers": b"123"}), tmp_path / "cache", mirror=mirror)
    assert not data.is_here("weights", settings=settings)
    data.fetch("weights", settings=settings)
    assert data.is_here("weights", settings=settings)


LOADING = """
import sys
from pathlib import Path
from coursekit import data
from tests.coursekit import tinysets as tiny
row = tiny.dataset("fashion-mnist", tiny.fashion_files(), sys.argv[2])
sys.stdin.read()  # all start together
splits = data.load_fashion_mnist(settings=tiny.settings(row, Path(sys.argv[1])))
print("checksum", splits.source, int(splits.X_train.sum()), int(splits.y_test.sum()))
"""


def test_several_processes_may_load_at_once(tmp_path: Path, root: Path) -> None:
    cache = tmp_path / "cache"
    with tiny.served(tiny.publish(tmp_path / "official", tiny.fashion_files())) as (address, _):
        command = [sys.executable, "-c", LOADING, str(cache), address]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        processes = [subprocess.Popen(command, cwd=root, **pipes) for _ in range(3)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
        ends = [process.communicate() for process in processes]
    X, y = ARRAYS["train-images-idx3-ubyte.gz"][:-5000], ARRAYS["t10k-labels-idx1-ubyte.gz"]
    for out, err in ends:
        assert out.splitlines()[-1] == f"checksum real {X.sum()} {y.sum()}", err
        assert err == ""
    assert tiny.leftovers(cache) == []


def test_loading_from_a_cache_imports_no_download_library(tmp_path: Path, root: Path) -> None:
    code = (
        "import sys; from coursekit import data; data.source('fashion-mnist'); "
        "print([name for name in ('pooch', 'requests', 'tqdm', 'keras', 'tensorflow') if name in sys.modules])"
    )
    env = {**os.environ, "COURSEKIT_CACHE": str(tmp_path), "COURSEKIT_DATA": "drawn"}
    run = subprocess.run([sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr
