"""`doctor` reports on versions, device, cache and data, with advice where something is wrong."""

from __future__ import annotations

import sys

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


def test_doctor_says_when_the_cache_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_CACHE", "/dev/null/cache")
    finding = next(f for f in diagnostics.doctor().findings if f.what == "cache folder")
    assert "COURSEKIT_CACHE" in finding.advice
