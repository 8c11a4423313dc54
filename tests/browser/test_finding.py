"""The browser of the tests is one that Playwright can drive."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from . import lab_page


def program(path: Path, text: str = "#!/bin/sh\nexec /usr/lib/chromium/chromium\n") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def found(programs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str | None:
    monkeypatch.setattr(shutil, "which", programs.get)
    return lab_page.find_browser()


def test_google_chrome_is_taken_where_chromium_is_a_snap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chrome = program(tmp_path / "google-chrome")
    script = program(tmp_path / "chromium-browser", '#!/bin/sh\nexec /snap/bin/chromium "$@"\n')
    link = tmp_path / "bin" / "chromium"
    program(tmp_path / "usr" / "bin" / "snap")
    link.parent.mkdir()
    link.symlink_to(tmp_path / "usr" / "bin" / "snap")
    assert found({"chromium": str(link), "chromium-browser": script, "google-chrome": chrome}, monkeypatch) == chrome
    assert found({"chromium": str(link), "chromium-browser": script}, monkeypatch) is None


def test_a_chromium_that_is_no_snap_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chromium, chrome = program(tmp_path / "chromium"), program(tmp_path / "google-chrome")
    assert found({"chromium": chromium, "google-chrome": chrome}, monkeypatch) == chromium
    assert found({}, monkeypatch) is None
