"""`doctor` reports on versions, device, cache and data, with advice where something is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import coursekit
from coursekit import _versions, diagnostics


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
    versions = {"keras": "3.1.0", "pandas": "", "numpy": "2.4.0rc1", "scipy": "99.0"}
    real = _versions.package_version
    monkeypatch.setattr(_versions, "package_version", lambda package: versions.get(package, real(package)))
    advice = {finding.what: finding.advice for finding in diagnostics.doctor().findings}
    assert "older than 3.10" in advice["keras"]
    assert advice["pandas"].startswith("pip install")
    assert advice["numpy"] == ""
    assert advice["scipy"] == "SciPy 99.0 is newer than 1.18, the newest version that the course is tested with"


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Let `import keras` fail as it does where a package is not installed."""

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name == "keras":
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])


def backend(report: diagnostics.Report) -> diagnostics.Finding:
    return next(finding for finding in report.findings if finding.what == "backend")


@pytest.mark.parametrize(
    ("package", "cure"),
    [("keras", "pip install 'keras>=3.10' 'tensorflow>=2.19'"), ("tensorflow", "pip install tensorflow; or set KERAS_BACKEND")],
)
def test_what_is_not_installed_is_said_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, cure: str
) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text('{"backend": "tensorflow"}')  # as Keras itself writes it
    without(monkeypatch, package)
    finding = backend(coursekit.doctor())
    assert f"No module named '{package}'" in finding.found
    assert cure in finding.advice
    assert str(tmp_path) not in finding.advice
    with pytest.raises(ImportError, match="restart the kernel") as caught:
        coursekit.setup()
    assert cure in str(caught.value)


def test_an_old_keras_is_named_with_the_line_that_renews_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _versions.package_version
    monkeypatch.setattr(_versions, "package_version", lambda package: "2.15.0" if package == "keras" else real(package))
    assert "pip install --upgrade 'keras>=3.10', then restart the kernel" in backend(coursekit.doctor()).advice
    with pytest.raises(ImportError, match=r"Keras 2\.15\.0 is older than 3\.10: pip install --upgrade"):
        coursekit.setup()


def test_the_oldest_versions_are_those_that_the_package_asks_for(root: Path) -> None:
    text = (root / "pyproject.toml").read_text()
    for name, numbers in _versions.OLDEST.items():
        assert f'"{name}>={".".join(map(str, numbers))}"' in text


def test_the_newest_tested_versions_are_the_newest_that_are_pinned(root: Path) -> None:
    pins = re.findall(r"^([\w-]+)==(\d+)\.(\d+)", (root / "constraints.txt").read_text(), re.MULTILINE)
    for name, (_, newest) in _versions.TESTED.items():
        assert newest == max((int(major), int(minor)) for package, major, minor in pins if package == name), name


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("3.10.0", ""),
        ("3.15.9", ""),
        ("3.16.0", "Keras 3.16.0 is newer than 3.15, the newest version that the course is tested with"),
        ("4.0.0.dev1", "Keras 4.0.0.dev1 is newer than 3.15, the newest version that the course is tested with"),
        ("3.9.2", "Keras 3.9.2 is older than 3.10, the oldest version that the course is tested with"),
        ("", ""),
        ("unknown", ""),
    ],
)
def test_a_version_outside_of_what_was_tested_is_said_in_a_sentence(
    found: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_versions.TESTED, "keras", ((3, 10), (3, 15)))
    monkeypatch.setattr(_versions, "package_version", lambda package: found)
    assert _versions.outside("keras") == said


def test_setup_says_which_version_is_newer_than_those_that_were_tested(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = _versions.package_version
    monkeypatch.setattr(_versions, "package_version", lambda package: "99.1" if package == "numpy" else real(package))
    coursekit.setup()
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"NumPy 99.1 is newer than {_versions.dotted(_versions.TESTED['numpy'][1])}, "
        "the newest version that the course is tested with"
    ]


def test_a_user_without_a_home_folder_is_told_so_and_still_gets_data(tmp_path: Path) -> None:
    code = (
        "import os, pwd\n"
        "def nobody(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = nobody\n"
        "os.environ.pop('HOME')\n"
        "import coursekit\n"
        "report = coursekit.doctor()\n"
        "print([f.advice for f in report.findings if f.what == 'home folder'])\n"
        "first, second = (coursekit.data.Settings.from_environment().cache.target('x') for _ in '12')\n"
        "print(first == second, first.is_absolute())\n"
    )
    unset = ("COURSEKIT_CACHE", "XDG_CACHE_HOME", "KERAS_HOME")
    env = {name: value for name, value in os.environ.items() if name not in unset} | {"COURSEKIT_DATA": "drawn"}
    # Keras writes to a folder `~` here.
    run = subprocess.run([sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert "set the environment variable HOME" in run.stdout, run.stderr[-2000:]
    assert run.stdout.count("Set COURSEKIT_CACHE to a folder of yours") == 1
    assert run.stdout.endswith("True True\n")


def test_a_home_folder_that_cannot_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: allowed(path, mode) and Path(path) != tmp_path)
    finding = next(f for f in coursekit.doctor().findings if f.what == "home folder")
    assert finding.found == f"{tmp_path}, which is read-only"
    assert "set the environment variable HOME" in finding.advice


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
        f"ImportError: Keras cannot be imported: Unable to import backend : theano. Keras reads its settings from {tmp_path}"
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
