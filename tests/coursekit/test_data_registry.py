"""The registry names every file with its checksum, and refuses a row that would not protect anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursekit.data.registry import course_registry, read_registry

GOOD = """
[tiny]
title = "a tiny set"
licence = "MIT"
citation = "nobody"
urls = ["https://example.org/tiny"]
[tiny.files]
"a/b.bin" = {{ bytes = 3, sha256 = "{sha}" }}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "registry.toml"
    path.write_text(text)
    return path


def test_a_row_becomes_a_data_set_whose_addresses_end_with_a_slash(tmp_path: Path) -> None:
    row = read_registry(written(tmp_path, GOOD.format(sha="ab" * 32)))["tiny"]
    assert row.urls == ("https://example.org/tiny/",)
    assert row.bytes == row.file("a/b.bin").bytes == 3


@pytest.mark.parametrize("sha", ["ab" * 31, "AB" * 32, "", "zz" * 32])
def test_a_checksum_that_is_none_is_refused(tmp_path: Path, sha: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        read_registry(written(tmp_path, GOOD.format(sha=sha)))


def test_a_missing_key_is_named_with_its_table(tmp_path: Path) -> None:
    text = GOOD.format(sha="ab" * 32).replace('licence = "MIT"\n', "")
    with pytest.raises(ValueError, match=r"\[tiny\].*licence"):
        read_registry(written(tmp_path, text))


@pytest.mark.parametrize("name", ["../b.bin", "/b.bin", "a/../../b.bin"])
def test_a_file_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    text = GOOD.format(sha="ab" * 32).replace("a/b.bin", name)
    with pytest.raises(ValueError, match="leads out"):
        read_registry(written(tmp_path, text))


def test_an_unknown_file_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match="train-labels"):
        course_registry()["fashion-mnist"].file("nothing")


def test_every_set_of_the_course_has_a_licence_a_citation_an_address_and_a_data_card(root: Path) -> None:
    for name, row in course_registry().items():
        assert row.licence
        assert row.citation
        assert row.files
        assert all(url.startswith("https://") for url in row.urls)
        card = (root / "datasets" / f"{name}.md").read_text(encoding="utf-8")
        assert row.licence in card
        assert all(file.name in card for file in row.files)
