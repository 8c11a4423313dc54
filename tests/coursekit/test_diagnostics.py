"""`doctor` reports on versions, device, cache and data, with advice where something is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import coursekit
from coursekit import _machine, diagnostics


@pytest.fixture(autouse=True)
def drawn_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data source is asked for in most tests; this answer needs no network."""
    monkeypatch.setenv("COURSEKIT_DATA", "drawn")
    monkeypatch.delenv("COURSEKIT_SEED", raising=False)


def test_doctor_looks_at_versions_device_cache_and_data_without_printing(capfd: pytest.CaptureFixture[str]) -> None:
    report = coursekit.doctor()
    assert {"Python", "keras", "backend", "device", "cache folder", "data fashion-mnist"} <= {f.what for f in report.findings}
    assert capfd.readouterr() == ("", "")


def test_doctor_advises_how_to_get_the_real_data() -> None:
    report = coursekit.doctor()
    assert not report.ok
    assert "! data fashion-mnist: a stand-in" in str(report)


def test_doctor_reports_an_old_package_and_a_missing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"keras": "3.1.0", "pandas": ""}
    monkeypatch.setattr(_machine, "package_version", lambda package: versions.get(package, "99.0"))
    advice = {finding.what: finding.advice for finding in diagnostics.doctor().findings}
    assert "older than 3.10" in advice["keras"]
    assert advice["pandas"].startswith("pip install")
    assert advice["numpy"] == ""


def test_doctor_survives_a_backend_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    finding = next(f for f in diagnostics.doctor().findings if f.what == "backend")
    assert "cannot be imported" in finding.found
    assert "KERAS_BACKEND" in finding.advice


@pytest.fixture
def keras_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with settings of Keras, as an old course has left it."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    path = tmp_path / "keras.json"
    path.write_text('{"backend": "theano", "image_data_format": "channels_first"}')
    return path


def test_doctor_names_the_file_of_an_old_course_that_keeps_keras_from_loading(
    keras_json: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    finding = next(f for f in diagnostics.doctor().findings if f.what == "backend")
    assert str(keras_json) in finding.advice


def test_doctor_names_the_file_that_orders_the_axes_of_pictures_in_another_way(
    keras_json: Path, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: keras.config.set_image_data_format("channels_last"))
    keras.config.set_image_data_format("channels_first")
    finding = next(f for f in diagnostics.doctor().findings if f.what == "image_data_format")
    assert finding.found == "channels_first"
    assert str(keras_json) in finding.advice
    keras.config.set_image_data_format("channels_last")
    assert not [f for f in diagnostics.doctor().findings if f.what == "image_data_format"]


def test_setup_says_which_file_keeps_keras_from_loading(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text('{"backend": "theano"}')
    env = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"} | {"KERAS_HOME": str(tmp_path)}
    code = "import coursekit; coursekit.setup()"
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert (
        f"ImportError: Keras cannot be imported: Unable to import backend : theano. It reads its settings from {tmp_path}"
        in run.stderr
    )


def test_setup_gives_the_notebook_the_usual_settings_and_says_so(
    keras_json: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    request.addfinalizer(lambda: (keras.config.set_image_data_format("channels_last"), keras.config.set_floatx("float32")))
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float16")
    coursekit.setup()
    assert (keras.config.image_data_format(), keras.config.floatx()) == ("channels_last", "float32")
    out = capsys.readouterr().out
    assert f"image_data_format channels_last, not channels_first as {keras_json} says" in out
    assert "floatx float32, not float16" in out
    coursekit.setup()
    assert "not" not in capsys.readouterr().out


def test_doctor_says_when_the_cache_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_CACHE", "/dev/null/cache")
    finding = next(f for f in diagnostics.doctor().findings if f.what == "cache folder")
    assert "COURSEKIT_CACHE" in finding.advice
