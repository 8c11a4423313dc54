"""Pretrained convolutional networks without their heads, for transfer learning.

For real photographs there is MobileNet, trained on ImageNet. For drawn photographs there is a smaller
network of the same kind, which this project trained on drawn objects that are not clothes. Both take
pictures scaled to [−1, 1] and return feature maps. Neither is compiled. Knows nothing of labs, or of
how the file with the weights reaches this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import keras

__all__ = ["DRAWN_WEIGHTS", "drawn", "mobilenet", "pretrained"]

DRAWN_WEIGHTS = Path(__file__).resolve().parent / "drawn" / "backbone.npz"

_LEAST = 32  # pixels; with fewer the last feature map would be empty
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
    """Load the backbone that fits the data: `mobilenet` for real photographs, `drawn` for drawn ones.

    Every layer has a name and is trainable. The network contains BatchNormalization layers.

    Args:
        input_shape: (height, width, 3), at least 32 pixels each way. Both networks are made for 96 or more.
        source: "real" or "drawn". By default the source of the clothing photographs,
            `coursekit.data.source("clothing")`.
        random_init: If true, the network gets new random weights, for comparison. No file is needed.

    Returns:
        A Keras model that maps pictures (n, height, width, 3), scaled to [−1, 1], to feature maps
        (n, h, w, channels) without negative values.

    Raises:
        ValueError: If the shape or the source is not one of these.
        DataError: If the weights of MobileNet cannot be obtained.
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
    """Load MobileNet with a quarter of its width (alpha 0.25), trained on ImageNet, without its head.

    See Howard et al. 2017, arXiv:1704.04861.

    Args:
        input_shape: (height, width, 3), at least 32 pixels each way.
        random_init: If true, the network gets new random weights. No file is needed.

    Returns:
        A Keras model that maps pictures (n, height, width, 3), scaled to [−1, 1], to feature maps
        (n, ⌈height / 32⌉, ⌈width / 32⌉, 256). It has 218,544 parameters.

    Raises:
        ValueError: If the shape is another one.
        DataError: If the file with the weights cannot be obtained.
    """
    import keras

    weights = None
    if not random_init:
        from coursekit import data

        weights = str(data.mobilenet_weights())
    with _channels_last():
        return keras.applications.MobileNet(_shape(input_shape), alpha=0.25, include_top=False, weights=weights)


def drawn(input_shape: Sequence[int] = (128, 128, 3), *, random_init: bool = False) -> keras.Model:
    """Load a small network like MobileNet, trained by this project on drawn objects, without its head.

    The layers are named as in MobileNet: conv1, conv1_bn, conv1_relu, and for each of seven blocks
    conv_dw_1, conv_dw_1_bn, conv_dw_1_relu, conv_pw_1, conv_pw_1_bn, conv_pw_1_relu. The weights are part
    of this package, so nothing is downloaded.

    Args:
        input_shape: (height, width, 3), at least 32 pixels each way.
        random_init: If true, the network gets new random weights.

    Returns:
        A Keras model that maps pictures (n, height, width, 3), scaled to [−1, 1], to feature maps
        (n, ⌈height / 16⌉, ⌈width / 16⌉, 192).

    Raises:
        ValueError: If the shape is another one.
    """
    with _channels_last():
        model = _separable(_shape(input_shape))
    if not random_init:
        set_weights_by_name(model, DRAWN_WEIGHTS)
    return model


def _separable(input_shape: tuple[int | None, int | None, int]) -> keras.Model:
    """Build the network of `drawn` with random weights."""
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


@contextmanager
def _channels_last() -> Iterator[None]:
    """Build the layers of the block for pictures (height, width, 3), whatever keras.json says."""
    import keras

    found = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(found)


def set_weights_by_name(model: keras.Model, path: Path) -> None:
    """Set the weights of each layer from a file that stores them under "<layer>/<weight>".

    Args:
        model: The Keras model to change.
        path: A NumPy archive (.npz). Arrays that the model does not need are ignored.

    Raises:
        ValueError: If an array is missing or has another shape. The message names the first one.
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
    """Return the shape as a tuple of ints, or raise ValueError."""
    sizes = tuple(input_shape) if hasattr(input_shape, "__iter__") else ()
    whole = len(sizes) == 3 and all(isinstance(size, Integral) and not isinstance(size, bool) for size in sizes)
    if not whole or sizes[2] != 3 or min(sizes[:2]) < _LEAST:
        raise ValueError(
            f"input_shape is {input_shape!r}: expected (height, width, 3) with at least {_LEAST} pixels each way, such as (128, 128, 3)"
        )
    return int(sizes[0]), int(sizes[1]), 3
