"""The backbones take scaled pictures of any size and give feature maps; the drawn one knows its things and serves the clothes."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from coursekit import backbones, data
from coursekit.drawn import photos, train_backbone

SIDE = 96


def scaled(X: np.ndarray) -> np.ndarray:
    """Pictures at SIDE pixels, from −1 to 1."""
    small = keras.ops.image.resize(X.astype("float32"), (SIDE, SIDE), data_format="channels_last")
    return keras.ops.convert_to_numpy(small) / 127.5 - 1


@pytest.fixture(scope="module")
def clothes() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """500 drawn photographs to train on and 200 to test on, scaled."""
    (X, y), (X_test, y_test) = photos.clothing_photos("train"), photos.clothing_photos("test")
    return scaled(X), y, scaled(X_test), y_test


@pytest.mark.parametrize("size", [(96, 96), (128, 128), (100, 131)])
def test_the_drawn_backbone_gives_a_feature_map_for_pictures_of_any_size(size: tuple[int, int]) -> None:
    model = backbones.drawn((*size, 3))
    maps = keras.ops.convert_to_numpy(model(np.random.default_rng().uniform(-1, 1, (2, *size, 3)).astype("float32")))
    assert maps.shape == (2, -(-size[0] // 16), -(-size[1] // 16), 192)
    assert maps.shape[1:] == model.output_shape[1:]
    assert np.isfinite(maps).all()
    assert maps.min() >= 0
    assert maps.max() > 0


@pytest.mark.parametrize("source", ["drawn", "real"])
def test_a_backbone_takes_pictures_of_the_course_whatever_keras_json_says(source, request: pytest.FixtureRequest) -> None:
    request.addfinalizer(lambda: keras.config.set_image_data_format("channels_last"))
    usual = backbones.pretrained((64, 64, 3), source, random_init=source == "real")
    keras.config.set_image_data_format("channels_first")
    model = backbones.pretrained((64, 64, 3), source, random_init=source == "real")
    model.set_weights(usual.get_weights())
    X = np.random.default_rng().uniform(-1, 1, (2, 64, 64, 3)).astype("float32")
    np.testing.assert_allclose(model.predict(X, verbose=0), usual.predict(X, verbose=0), atol=1e-5)
    assert keras.config.image_data_format() == "channels_first"  # the student's other layers are as asked for


def test_the_drawn_backbone_is_small_and_its_layers_have_mobilenets_names() -> None:
    model = backbones.drawn()
    assert model.count_params() < 150_000
    assert backbones.DRAWN_WEIGHTS.stat().st_size < 300_000
    names = [layer.name for layer in model.layers]
    theirs = {layer.name for layer in backbones.mobilenet(random_init=True).layers}
    assert set(names[1:]) <= theirs
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("source", ["real", "drawn"])
def test_a_backbone_is_trainable_with_normalisation_inside_until_it_is_frozen(source) -> None:
    model = backbones.pretrained((96, 96, 3), source, random_init=True)
    normalisations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(normalisations) >= 10
    assert len(model.trainable_weights) + 2 * len(normalisations) == len(model.weights)  # moving means and variances are not
    model.trainable = False
    assert model.trainable_weights == []


def test_two_drawn_backbones_have_the_same_weights_and_share_none() -> None:
    ours, theirs = backbones.drawn(), backbones.drawn()
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    ours.set_weights([0 * weight for weight in ours.get_weights()])
    assert max(np.abs(weight).max() for weight in theirs.get_weights()) > 0


def test_random_weights_differ_from_the_learned_ones_and_from_each_other() -> None:
    first = [backbones.pretrained(source="drawn", random_init=kind).get_weights()[0] for kind in (False, True, True)]
    assert not np.allclose(first[0], first[1])
    assert not np.allclose(first[1], first[2])


def test_a_picture_has_the_same_features_alone_as_in_a_batch_and_after_training_mode_is_off() -> None:
    model = backbones.drawn((64, 64, 3))
    X = np.random.default_rng().uniform(-1, 1, (3, 64, 64, 3)).astype("float32")
    together = keras.ops.convert_to_numpy(model(X, training=False))
    alone = keras.ops.convert_to_numpy(model(X[1:2], training=False))
    np.testing.assert_allclose(alone, together[1:2], atol=1e-4)
    by_batch = keras.ops.convert_to_numpy(model(X, training=True))
    assert not np.allclose(by_batch, together, atol=1e-2)


def test_drawn_data_get_the_drawn_backbone_and_real_data_mobilenet(monkeypatch: pytest.MonkeyPatch) -> None:
    for source, name in (("drawn", "drawn_backbone"), ("real", "mobilenet")):
        monkeypatch.setattr(data, "source", lambda _, source=source: source)
        assert name in backbones.pretrained((96, 96, 3), random_init=True).name


def test_mobilenet_gets_the_weights_of_the_checked_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = backbones.mobilenet((96, 96, 3), random_init=True)
    path = tmp_path / "mobilenet.weights.h5"
    other.save_weights(path)
    monkeypatch.setattr(data, "mobilenet_weights", lambda: path, raising=False)
    model = backbones.mobilenet((128, 128, 3))
    assert model.output_shape == (None, 4, 4, 256)
    assert model.count_params() == 218_544
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("shape", [(128, 128), (128, 128, 1), (16, 128, 3), (128.0, 128, 3), 128, (True, 128, 3), None])
def test_another_shape_is_refused(shape) -> None:
    for build in (backbones.drawn, backbones.mobilenet):
        with pytest.raises(ValueError, match=r"input_shape.*height, width, 3"):
            build(shape, random_init=True)


def test_another_source_is_refused() -> None:
    with pytest.raises(ValueError, match="imagenet"):
        backbones.pretrained(source="imagenet")  # type: ignore[arg-type]


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    model = backbones.drawn((64, 64, 3), random_init=True)
    kept = {key: array for key, array in np.load(backbones.DRAWN_WEIGHTS).items() if key != "conv_pw_3/kernel"}
    np.savez(tmp_path / "short.npz", **kept)
    with pytest.raises(ValueError, match="nothing for conv_pw_3/kernel"):
        backbones.set_weights_by_name(model, tmp_path / "short.npz")
    np.savez(tmp_path / "other.npz", **kept, **{"conv_pw_3/kernel": np.zeros((1, 1, 5, 5))})
    with pytest.raises(ValueError, match=r"\(1, 1, 5, 5\) for conv_pw_3/kernel"):
        backbones.set_weights_by_name(model, tmp_path / "other.npz")


def test_the_drawn_backbone_still_knows_the_things_that_it_was_trained_on() -> None:
    """Fresh pictures of 98 things, one in 98 right by chance: weights that were mixed up or rounded badly would not do this."""
    model, _ = train_backbone.classifiers(backbones.drawn())
    backbones.set_weights_by_name(model, backbones.DRAWN_WEIGHTS)
    seed = int(np.random.default_rng().integers(1_000_000, 2_000_000))
    X, y, _ = train_backbone.thing_photos(4, SIDE, seed)
    accuracy = (model.predict(X, batch_size=98, verbose=0).argmax(axis=1) == y).mean()
    assert accuracy > 0.5


def test_the_training_of_the_backbone_learns_and_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    model = train_backbone.train(((32, 1, 2, 1e-3),), verbose=0)
    train_backbone.save(model, tmp_path / "tiny.npz")
    loaded, _ = train_backbone.classifiers(backbones.drawn(random_init=True))
    backbones.set_weights_by_name(loaded, tmp_path / "tiny.npz")
    for layer in model.layers:
        for ours, theirs in zip(layer.get_weights(), loaded.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(ours.astype("float16"), theirs)


def frozen_accuracy(features, seed: int) -> float:
    """Test accuracy of a dense head on the features (train, test)."""
    F, y, F_test, y_test = features
    keras.utils.set_random_seed(seed)
    head = keras.Sequential([keras.Input(F.shape[1:]), keras.layers.Dense(10, "softmax")])
    head.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    head.fit(F, y, epochs=60, batch_size=100, verbose=0)
    return head.evaluate(F_test, y_test, verbose=0)[1]


def scratch_accuracy(clothes, seed: int) -> float:
    """Test accuracy of a small convolutional network that begins with random weights."""
    X, y, X_test, y_test = clothes
    keras.utils.set_random_seed(seed)
    layers = [keras.Input(X.shape[1:])]
    for filters in (16, 32, 64):
        layers += [keras.layers.Conv2D(filters, 3, strides=2, activation="relu"), keras.layers.MaxPooling2D()]
    layers = [*layers[:-1], keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=10, batch_size=32, verbose=0)
    return model.evaluate(X_test, y_test, verbose=0)[1]


@pytest.mark.skipif("EVERY_STUDENT" not in os.environ, reason="trains for a minute; make nightly does")
def test_frozen_features_beat_a_network_from_scratch_by_20_points(clothes) -> None:
    X, y, X_test, y_test = clothes
    body = keras.Sequential([backbones.drawn(X.shape[1:]), keras.layers.GlobalAveragePooling2D()])
    features = (body.predict(X, verbose=0), y, body.predict(X_test, verbose=0), y_test)
    frozen = [frozen_accuracy(features, seed) for seed in range(3)]
    scratch = [scratch_accuracy(clothes, seed) for seed in range(2)]
    assert min(frozen) > 0.5, frozen
    assert np.mean(frozen) > np.mean(scratch) + 0.2, (frozen, scratch)
