"""Environment variables mean what a person means by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursekit import data


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "written",
    ["~/data", "$HOME/data", "${HOME}/data", '"~/data"', "'$HOME/data'", ' "~/data" ', "{home}/data", '"{home}/data"'],
)
def test_a_folder_may_be_written_with_quotes_and_as_part_of_the_home_folder(home: Path, written: str) -> None:
    text = written.format(home=home, HOME="{HOME}") if "{home}" in written else written
    settings = data.Settings.from_environment({"COURSEKIT_CACHE": text, "COURSEKIT_MIRROR": text})
    assert settings.cache.folder == home / "data"
    assert settings.mirror == str(home / "data")


def test_an_address_stays_as_it_is_without_its_quotes() -> None:
    settings = data.Settings.from_environment({"COURSEKIT_MIRROR": "'https://example.org/~course/$x'"})
    assert settings.mirror == "https://example.org/~course/$x"


def test_quotes_around_the_kind_of_data_are_no_part_of_it() -> None:
    assert data.Settings.from_environment({"COURSEKIT_DATA": '"drawn"'}).mode == "drawn"


@pytest.mark.parametrize("written", ["$NOWHERE_SET/data", "${NOWHERE_SET}/data", "~nobody-of-this-name/data"])
@pytest.mark.parametrize("name", ["COURSEKIT_CACHE", "COURSEKIT_MIRROR"])
def test_a_folder_that_names_something_unknown_is_refused(name: str, written: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} is .*nothing is known of .*write the path in full"):
        data.Settings.from_environment({name: written})


def test_a_folder_whose_name_contains_a_dollar_is_taken_if_it_exists(tmp_path: Path) -> None:
    (tmp_path / "$shared").mkdir()
    assert data.Settings.from_environment({"COURSEKIT_CACHE": f"{tmp_path}/$shared"}).cache.folder == tmp_path / "$shared"
