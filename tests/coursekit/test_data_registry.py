"""The registry names every file with its checksum, and refuses a row that would not protect anybody."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from coursekit.data.clothing import CLASS_NAMES
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


LISTED = """
[tiny]
title = "a tiny set"
licence = "MIT"
citation = "nobody"
urls = ["https://example.org/tiny"]
list = \"\"\"
{sha} 3 train/a/one.jpg
{sha} 4000 test/b/two words.jpg
\"\"\"
"""


def test_a_set_of_many_files_may_list_them_one_a_line(tmp_path: Path) -> None:
    row = read_registry(written(tmp_path, LISTED.format(sha="ab" * 32)))["tiny"]
    assert [(file.name, file.bytes) for file in row.files] == [("train/a/one.jpg", 3), ("test/b/two words.jpg", 4000)]
    assert {file.sha256 for file in row.files} == {"ab" * 32}


@pytest.mark.parametrize(
    "line", ["{sha} train/a/one.jpg", "3 {sha} train/a/one.jpg", "{sha} 3 ../one.jpg", "{sha} 3", "nonsense"]
)
def test_a_line_that_is_not_checksum_bytes_and_name_is_refused(tmp_path: Path, line: str) -> None:
    text = LISTED.format(sha="ab" * 32).replace("ab" * 32 + " 3 train/a/one.jpg", line.format(sha="ab" * 32))
    with pytest.raises(ValueError, match=r"\[tiny\]"):
        read_registry(written(tmp_path, text))


def test_a_set_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\[tiny\].*files"):
        read_registry(written(tmp_path, GOOD.format(sha="ab" * 32).split("[tiny.files]")[0]))


def test_a_file_may_have_another_name_at_the_official_address(tmp_path: Path) -> None:
    row = read_registry(written(tmp_path, GOOD.format(sha="ab" * 32).replace(" }", ', remote = "77" }')))["tiny"]
    assert row.files[0].at(row.urls[0]) == "https://example.org/tiny/77"


def test_the_listed_photographs_are_those_that_the_course_describes() -> None:
    row = course_registry()["clothing"]
    folders = Counter(file.name.rsplit("/", 1)[0] for file in row.files)
    for split, count in (("train", 50), ("validation", 12)):
        assert {folders[f"{split}/{name}"] for name in CLASS_NAMES} == {count}
    assert [folders[f"test/{name}"] for name in CLASS_NAMES] == [15, 12, 20, 20, 20, 20, 20, 20, 12, 20]
    assert len(row.files) == 799


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
        assert all(file.name in card or f"{file.name.split('/')[0]}/<class>/*.jpg" in card for file in row.files)


def test_each_set_of_the_course_has_a_stand_in_with_a_card_of_its_own(root: Path) -> None:
    for name in course_registry():
        card = (root / "datasets" / f"drawn-{name}.md").read_text(encoding="utf-8")
        assert f"`{name}`" in card
        assert "| Licence | that of this project |" in card
