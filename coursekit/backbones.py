"""Convolutional networks that were trained before, without their heads: what transfer learning starts from.

For real photographs MobileNet, trained on ImageNet; for the drawn ones a smaller network of the same kind, trained by this
project on drawn things that are no clothes. Both take pictures scaled to [−1, 1] and give feature maps; nothing is compiled.
Knows nothing of labs or of how the weights' file comes to this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import keras

__all__ = ["DRAWN_WEIGHTS", "drawn", "mobilenet", "pretrained"]

DRAWN_WEIGHTS = Path(__file__).resolve().parent / "drawn" / "backbone.npz"

_LEAST = 32  # pixels, below which the last feature map would vanish
_STEM = 24
_BLOCKS = (
    (32, 2),
    (64, 1),
    (64, 2),
    (96, 1),
    (128, 1),
    (160, 2),
    (192, 1),
)  # channels and stride of each separable convolution


def pretrained(
    input_shape: Sequence[int] = (128, 128, 3),
    source: Literal["real", "drawn"] | None = None,
    *,
    random_init: bool = False,
) -> keras.Model:
    """The network that was trained on other pictures: `mobilenet` for real photographs, `drawn` for drawn ones.

    input_shape: (height, width, 3), at least 32 pixels each way; 96 or more is what both were made for.
    source: "real" or "drawn"; left out, that of the clothing photographs (`coursekit.data.source("clothing")`).
    random_init: the same network with fresh random weights, for comparison; needs no file.
    Maps pictures (n, height, width, 3), scaled to [−1, 1], to feature maps (n, h, w, channels) that are not negative.
    Every layer has a name and is trainable, as Keras makes it; the network has BatchNormalization inside.
    Raises ValueError for another shape or source, DataError if MobileNet's weights cannot be had.
    """
    if source is None:
        from coursekit import data

        source = data.source("clothing")
    if source == "real":
        return mobilenet(input_shape, random_init=random_init)
    if source == "drawn":
        return drawn(input_shape, random_init=random_init)
    raise ValueError(f'source is {source!r}: expected "real", "drawn" or None')


def mobilenet(input_shape: Sequence[int] = (128, 128, 3), *, random_init: bool = False) -> keras.Model:
    """MobileNet, a quarter wide (alpha 0.25), without its head, trained on ImageNet (Howard et al. 2017, arXiv:1704.04861).

    input_shape: (height, width, 3), at least 32 pixels each way. random_init: fresh random weights instead; needs no file.
    Maps pictures (n, height, width, 3), scaled to [−1, 1], to feature maps (n, height / 32, width / 32, 256), rounded up.
    218,544 parameters. Raises ValueError for another shape, DataError if the weights' file cannot be had.
    """
    import keras

    weights = None
    if not random_init:
        from coursekit import data

        weights = str(data.mobilenet_weights())
    return keras.applications.MobileNet(_shape(input_shape), alpha=0.25, include_top=False, weights=weights)


def drawn(input_shape: Sequence[int] = (128, 128, 3), *, random_init: bool = False) -> keras.Model:
    """A small network like MobileNet, without its head, trained by this project on drawn things that are no clothes.

    input_shape: (height, width, 3), at least 32 pixels each way. random_init: fresh random weights instead.
    Maps pictures (n, height, width, 3), scaled to [−1, 1], to feature maps (n, height / 16, width / 16, 192), rounded up.
    Its layers have the names of MobileNet's: conv1, conv1_bn, conv1_relu, then for each of seven blocks conv_dw_1,
    conv_dw_1_bn, conv_dw_1_relu, conv_pw_1, conv_pw_1_bn, conv_pw_1_relu. Needs no network and no download.
    Raises ValueError for another shape.
    """
    model = _separable(_shape(input_shape))
    if not random_init:
        set_weights_by_name(model, DRAWN_WEIGHTS)
    return model


def _separable(input_shape: tuple[int | None, int | None, int]) -> keras.Model:
    import keras

    layers = keras.layers

    def normalised(x: Any, name: str) -> Any:
        x = layers.BatchNormalization(name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu")(x)

    x = inputs = keras.Input(input_shape, name="input")
    x = normalised(layers.Conv2D(_STEM, 3, strides=2, padding="same", use_bias=False, name="conv1")(x), "conv1")
    for i, (channels, stride) in enumerate(_BLOCKS, start=1):
        deep = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False, name=f"conv_dw_{i}")
        x = normalised(deep(x), f"conv_dw_{i}")
        x = normalised(layers.Conv2D(channels, 1, use_bias=False, name=f"conv_pw_{i}")(x), f"conv_pw_{i}")
    return keras.Model(inputs, x, name="drawn_backbone")


def set_weights_by_name(model: keras.Model, path: Path) -> None:
    """Give each layer of `model` the arrays that `path` (.npz) keeps under "<layer>/<weight>". Others in the file are left.

    Raises ValueError, naming the first array that is missing or has another shape.
    """
    import numpy as np

    with np.load(path, allow_pickle=False) as kept:
        for layer in model.layers:
            arrays = []
            for weight in layer.weights:
                key = f"{layer.name}/{weight.name}"
                found = kept[key].shape if key in kept else None
                if found != tuple(weight.shape):
                    raise ValueError(f"{path} has {found or 'nothing'} for {key}, expected an array {tuple(weight.shape)}")
                arrays.append(kept[key].astype("float32"))
            layer.set_weights(arrays)


def _shape(input_shape: Sequence[int]) -> tuple[int, int, int]:
    sizes = tuple(input_shape) if hasattr(input_shape, "__iter__") else ()
    whole = len(sizes) == 3 and all(isinstance(size, Integral) and not isinstance(size, bool) for size in sizes)
    if not whole or sizes[2] != 3 or min(sizes[:2]) < _LEAST:
        raise ValueError(
            f"input_shape is {input_shape!r}: expected (height, width, 3) with at least {_LEAST} pixels each way, such as (128, 128, 3)"
        )
    return int(sizes[0]), int(sizes[1]), 3
