"""The drawn clothing photographs have the real ones' shapes, classes and numbers, differ from each other, and are the same everywhere."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coursekit.drawn import garments, photos, scene, things
from coursekit.drawn.sketch import Sketch

CLASS_NAMES = ("dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt")
COUNTS = {"train": 50, "validation": 12, "test": 20}


@pytest.fixture(scope="module")
def splits() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """All 820 photographs, drawn once for all the tests here."""
    return {split: photos.clothing_photos(split) for split in COUNTS}


def digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_the_classes_are_those_of_the_real_set_in_the_same_order() -> None:
    assert photos.CLASS_NAMES == CLASS_NAMES


@pytest.mark.parametrize("split", COUNTS)
def test_each_split_holds_each_class_equally_often(splits, split: str) -> None:
    X, y = splits[split]
    assert (X.shape, X.dtype) == ((10 * COUNTS[split], 160, 160, 3), np.uint8)
    assert (y.shape, y.dtype) == ((10 * COUNTS[split],), np.int64)
    assert np.bincount(y).tolist() == [COUNTS[split]] * 10


def test_no_two_photographs_are_the_same(splits) -> None:
    pictures = [picture.tobytes() for X, _ in splits.values() for picture in X]
    assert len(set(pictures)) == len(pictures) == 820


def test_the_photographs_have_colour_and_use_the_whole_range_of_brightness(splits) -> None:
    X = splits["train"][0].astype(np.float32)
    assert X.min() == 0
    assert X.max() == 255
    assert 85 < X.mean() < 160  # the real photographs: about 140
    assert np.abs(X[..., 0] - X[..., 2]).mean() > 8
    assert X.std(axis=(1, 2, 3)).min() > 3  # none is of one tone


@pytest.mark.parametrize("label", range(10))
def test_a_garment_covers_a_good_part_of_the_frame_but_not_all_of_it(label: int) -> None:
    rng = np.random.default_rng()
    for _ in range(20):
        sketch = photos.clothing_sketch(label, rng, 64)
        assert 0.03 < sketch.cover.mean() < 0.85


def test_colour_alone_does_not_tell_the_class(splits) -> None:
    """Otherwise a network would need no shapes, and nothing that was learned on other pictures."""
    (X, y), (X_test, y_test) = splits["train"], splits["test"]
    means = [part.astype(np.float32).mean(axis=(1, 2)) for part in (X, X_test)]
    nearest = ((means[1][:, None] - means[0][None]) ** 2).sum(axis=-1).argmin(axis=1)
    assert (y[nearest] == y_test).mean() < 0.25


def test_another_process_draws_the_same_bytes(splits, root: Path) -> None:
    code = (
        "from coursekit.drawn.photos import clothing_photos; from tests.coursekit.test_photos import digest; "
        "print(digest(*clothing_photos('validation')))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert run.stdout.strip() == digest(*splits["validation"]), run.stderr


def test_the_data_card_states_the_checksum_of_what_is_drawn(splits, root: Path) -> None:
    """The figures quoted in the lab were measured on these bytes; a change of the drawing must be made knowingly."""
    card = (root / "datasets" / "drawn-clothing.md").read_text(encoding="utf-8")
    stated = re.findall(r"\b[0-9a-f]{64}\b", card)
    assert stated == [digest(*(X for X, _ in splits.values()))]


def test_another_seed_draws_other_photographs(splits) -> None:
    X, y = photos.clothing_photos("validation", seed=1)
    assert digest(X) != digest(splits["validation"][0])
    np.testing.assert_array_equal(y, splits["validation"][1])


def test_a_split_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> None:
    with pytest.raises(ValueError, match="train, validation, test"):
        photos.clothing_photos("valid")


def test_only_numbers_of_32_bits_meet_in_a_sketch_so_that_every_numpy_rounds_alike() -> None:
    rng = np.random.default_rng()
    for label in range(10):
        for _ in range(10):
            sketch = photos.clothing_sketch(label, rng, 32)
            assert {field.dtype for field in (sketch.u, sketch.v, sketch.cover, sketch.second, sketch.light)} == {
                np.dtype("float32")
            }


@pytest.mark.parametrize("kind", range(len(scene.PATTERNS)))
def test_every_pattern_can_be_chosen(kind: int) -> None:
    sketch = Sketch(32)
    sketch.lay(sketch.disc(0, 0, 0.8, 0.8))
    weights = tuple(float(i == kind) for i in range(len(scene.PATTERNS)))
    picture = scene.photograph(np.random.default_rng(), sketch, weights)
    assert (picture.shape, picture.dtype) == ((32, 32, 3), np.uint8)


def test_the_things_that_the_backbone_learns_from_are_no_clothes() -> None:
    assert not set(things.THINGS) & set(garments.GARMENTS)
    assert len(things.THINGS) > 90


@pytest.mark.parametrize("name", things.THINGS)
def test_every_thing_is_in_sight_and_its_place_is_known(name: str) -> None:
    picture, cover = things.thing_photo(name, np.random.default_rng(), 48)
    assert (picture.shape, picture.dtype) == ((48, 48, 3), np.uint8)
    assert (cover.shape, cover.dtype) == ((48, 48), np.float32)
    assert 0.01 < cover.mean() < 0.95
