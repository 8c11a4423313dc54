"""Clothing photographs: arrays of any size and a folder of files, both made of the same checked bytes."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from coursekit import data
from coursekit.data import decode, folders
from coursekit.data.cache import sha256
from coursekit.data.clothing import CLASS_NAMES
from tests.coursekit import tinysets as tiny

FILES = tiny.clothing_files()
COUNTS = {"train": 30, "valid": 10, "test": 20}


def settings_for(folder: Path, files: dict[str, bytes] = FILES, **options: Any) -> data.Settings:
    tiny.publish(folder / "mirror" / "clothing", files)
    row = tiny.dataset("clothing", files)
    return tiny.settings(row, folder / "cache", mirror=folder / "mirror", **options)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> data.Settings:
    return settings_for(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> data.Settings:
    """Drawn photographs that are quick to draw."""
    from coursekit.drawn import photos

    def few(split: str) -> tuple[np.ndarray, np.ndarray]:
        y = np.repeat(np.arange(10), {"train": 3, "validation": 1, "test": 2}[split])
        X = np.zeros((len(y), 160, 160, 3), np.uint8)
        X[..., 0] = (20 * y + 30)[:, None, None]
        return X, y

    monkeypatch.setattr(photos, "clothing_photos", few)
    return settings_for(tmp_path, mode="drawn")


@pytest.mark.parametrize("size", [32, 48, 160])
def test_each_photograph_is_brought_to_the_size_asked_for(settings: data.Settings, size: int) -> None:
    clothing = data.load_clothing(size, settings=settings)
    assert clothing.class_names == CLASS_NAMES
    assert clothing.source == "real"
    for part, count in COUNTS.items():
        X, y = getattr(clothing, f"X_{part}"), getattr(clothing, f"y_{part}")
        assert (X.shape, X.dtype) == ((count, size, size, 3), np.uint8)
        assert (y.shape, y.dtype) == ((count,), np.int64)
        assert np.bincount(y).tolist() == [count // 10] * 10
        with pytest.raises(ValueError, match="read-only"):
            X[0] = 0


def test_a_photograph_keeps_its_colours_its_label_and_which_side_is_up(settings: data.Settings) -> None:
    clothing = data.load_clothing(32, settings=settings)
    for picture, label in zip(clothing.X_test, clothing.y_test, strict=True):
        assert abs(int(picture[20, 20, 0]) - (20 * label + 30)) < 8
        assert picture[2:8, 2:8].min() > 230  # the dot, top left
        assert picture[-8:, -8:].mean() < 200


def test_the_first_photographs_are_of_several_classes_and_the_order_is_always_the_same(settings: data.Settings) -> None:
    y = data.load_clothing(32, settings=settings).y_train
    assert len(set(y[:10].tolist())) > 3
    np.testing.assert_array_equal(y, data.load_clothing(48, settings=settings).y_train)


@pytest.mark.parametrize("size", [0, 15, 513, -160, 160.5, "160", None])
def test_a_size_out_of_range_is_refused(settings: data.Settings, size: Any) -> None:
    with pytest.raises(ValueError, match="from 16 to 512"):
        data.load_clothing(size, settings=settings)


def test_each_size_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, calls = settings_for(tmp_path), []
    real = decode.photographs
    monkeypatch.setattr(decode, "photographs", lambda paths, size: calls.append(size) or real(paths, size))
    for size in (32, 32, 48, 32, 48):
        data.load_clothing(size, settings=settings)
    assert calls == [32] * 3 + [48] * 3  # three splits each


def test_the_folder_holds_the_official_bytes_and_no_other_picture(settings: data.Settings) -> None:
    (settings.cache.folder / "clothing" / "train" / "dress").mkdir(parents=True, exist_ok=True)
    (settings.cache.folder / "clothing" / "train" / "dress" / "stranger.jpg").write_bytes(b"not one of ours")
    folder = data.clothing_folder(settings=settings)
    assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")} == FILES
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"train", "validation", "test"}
    assert data.clothing_folder(settings=settings) == folder


def test_keras_reads_the_folder_with_the_labels_of_the_arrays(settings: data.Settings) -> None:
    import keras

    path = data.clothing_folder(settings=settings) / "validation"
    dataset = keras.utils.image_dataset_from_directory(path, image_size=(32, 32), batch_size=4, shuffle=False, verbose=False)
    assert tuple(dataset.class_names) == CLASS_NAMES
    y = np.concatenate([labels for _, labels in dataset.as_numpy_iterator()])
    assert y.tolist() == list(range(10))


def spoilt(path: Path) -> None:
    tiny.unlocked(path).write_bytes(path.read_bytes()[:-50] + b"x" * 50)


def gone(path: Path) -> None:
    tiny.unlocked(path).unlink()


@pytest.mark.parametrize("spoil", [spoilt, gone])
def test_a_damaged_folder_is_reported_and_made_again(tmp_path: Path, capfd: Any, spoil: Any) -> None:
    settings = settings_for(tmp_path)
    folder = data.clothing_folder(settings=settings)
    spoil(folder / "test" / "hat" / "1.jpg")
    folder = data.clothing_folder(settings=settings)
    assert (folder / "test" / "hat" / "1.jpg").read_bytes() == FILES["test/hat/1.jpg"]
    assert "is damaged" in capfd.readouterr().out
    assert tiny.leftovers(tmp_path / "cache") == []


def copied_folder(folder: Path) -> Path:
    shutil.copytree(folder / "train" / "hat", tiny.unlocked(folder / "train") / "Hat - copy")
    return folder / "train" / "Hat - copy"


def copied_file(folder: Path) -> Path:
    copy = tiny.unlocked(folder / "train" / "hat" / "0 (1).jpg")
    shutil.copyfile(folder / "train" / "hat" / "0.jpg", copy)
    return copy


def empty_folder(folder: Path) -> Path:
    (tiny.unlocked(folder / "train") / "cap").mkdir()
    return folder / "train" / "cap"


@pytest.mark.parametrize("add", [copied_folder, copied_file, empty_folder])
def test_a_folder_to_which_something_was_added_is_put_aside_with_it_and_made_again(
    tmp_path: Path, capfd: Any, add: Any
) -> None:
    settings = settings_for(tmp_path)
    folder = data.clothing_folder(settings=settings)
    added = add(folder)
    assert data.clothing_folder(settings=settings) == folder
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg")} == set(FILES)
    assert not added.exists()
    aside = folder.with_name(f"{folder.name}.changed-1")
    assert (aside / added.relative_to(folder)).exists()  # it belongs to somebody
    out = capfd.readouterr().out
    assert added.relative_to(folder).as_posix() in out
    assert aside.name in out


def test_what_file_managers_leave_in_a_folder_changes_nothing(settings: data.Settings, capfd: Any) -> None:
    folder = data.clothing_folder(settings=settings)
    tiny.unlocked(folder / "train" / ".DS_Store").write_bytes(b"x")
    (tiny.unlocked(folder / "train") / ".ipynb_checkpoints").mkdir()
    inode = folder.stat().st_ino
    assert data.clothing_folder(settings=settings).stat().st_ino == inode
    assert capfd.readouterr().out == ""


def test_nobody_writes_into_the_folder_by_accident(settings: data.Settings) -> None:
    folder = data.clothing_folder(settings=settings)
    paths = [folder / "test", folder / "test" / "hat", folder / "test" / "hat" / "1.jpg"]
    assert [path.stat().st_mode & 0o222 for path in paths] == [0, 0, 0]


def test_a_folder_that_was_copied_is_checked_once_and_stays_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_for(tmp_path)
    folder = data.clothing_folder(settings=settings)
    os.utime(tiny.unlocked(folder / "test" / "hat" / "1.jpg"), (0, 0))
    checked: list[Path] = []
    monkeypatch.setattr(folders, "sha256", lambda path: checked.append(path) or sha256(path))
    for _ in range(2):
        data.clothing_folder(settings=settings)
    assert checked == [folder / "test" / "hat" / "1.jpg"]
    assert folder.stat().st_mode & 0o222 == 0


def test_a_file_system_without_links_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*args: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("os.link", cannot)
    folder = data.clothing_folder(settings=settings_for(tmp_path))
    assert (folder / "test" / "hat" / "1.jpg").read_bytes() == FILES["test/hat/1.jpg"]


def test_a_file_that_is_no_picture_is_an_error_that_names_it(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, FILES | {"train/hat/2.jpg": b"GIF89a, or so it says"})
    with pytest.raises(ValueError, match=r"2\.jpg is not a readable picture"):
        data.load_clothing(32, settings=settings)


def test_a_grey_or_large_photograph_is_read_like_the_others(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((700, 500), 90, np.uint8)).save(buffer, "JPEG")
    path = tmp_path / "grey.jpg"
    path.write_bytes(buffer.getvalue())
    picture = decode.photograph(path, 64)
    assert picture.shape == (64, 64, 3)
    assert np.abs(picture.astype(int) - 90).max() < 4


def test_a_part_of_a_photograph_may_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "one.jpg"
    path.write_bytes(FILES["test/hat/1.jpg"])
    assert decode.photograph(path, 32, (0, 0, 0.3, 0.3)).min() > 200  # nothing but the dot
    assert decode.photograph(path, 32, (0.5, 0.5, 1, 1)).mean() < 150


def test_drawn_photographs_come_as_arrays_and_as_files_alike(drawn: data.Settings) -> None:
    clothing = data.load_clothing(64, settings=drawn)
    assert clothing.source == "drawn"
    assert clothing.X_train.shape == (30, 64, 64, 3)
    folder = data.clothing_folder(settings=drawn)
    assert len(list(folder.glob("train/*/*.jpg"))) == 30
    for label, name in enumerate(CLASS_NAMES):
        for path in folder.glob(f"*/{name}/*.jpg"):
            assert abs(int(decode.photograph(path, 64)[30, 30, 0]) - (20 * label + 30)) < 6
        for X, y in ((clothing.X_train, clothing.y_train), (clothing.X_test, clothing.y_test)):
            assert (X[y == label, 30, 30, 0] == 20 * label + 30).all()
    assert data.clothing_folder(settings=drawn) == folder


def test_without_a_source_arrays_and_folder_are_drawn_together_after_one_warning(
    drawn: data.Settings, tmp_path: Path, capfd: Any
) -> None:
    row = tiny.dataset("clothing", FILES, tiny.closed_port())
    lost = tiny.settings(row, tmp_path / "elsewhere")
    assert data.load_clothing(32, settings=lost).source == "drawn"
    assert "drawn-files" in data.clothing_folder(settings=lost).name
    assert data.load_clothing(48, settings=lost).source == "drawn"
    assert capfd.readouterr().out.count("WARNING") == 1


def test_once_real_never_drawn_in_the_same_process(tmp_path: Path, capfd: Any) -> None:
    settings = settings_for(tmp_path)
    assert data.load_clothing(32, settings=settings).source == "real"
    for path in (*(tmp_path / "mirror").rglob("*.jpg"), *(tmp_path / "cache").rglob("*.jpg")):
        path.unlink()
    with pytest.raises(data.DataError, match="What to do"):
        data.load_clothing(48, settings=settings)
    assert data.load_clothing(32, settings=settings).source == "real"  # decoded before
    assert "WARNING" not in capfd.readouterr().out


def test_a_cache_of_two_places_still_gives_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """Half of the files lie in a cache that cannot be written, so the other half goes to a temporary one."""
    settings = settings_for(tmp_path)
    tiny.publish(tmp_path / "cache" / "clothing", dict(list(FILES.items())[::2]))
    probe = tempfile.TemporaryFile

    def refused(dir: Path) -> Any:
        if tmp_path in dir.parents:
            raise PermissionError(errno.EACCES, "Permission denied")
        return probe(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    folder = data.clothing_folder(settings=settings)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg")} == set(FILES)
    assert tmp_path not in folder.parents
    assert capfd.readouterr().out.count("cannot be written") == 1
