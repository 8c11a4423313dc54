"""Early stopping notes what it watches, so that a check can name a wrong setting that the curves do not show.

Two numbers, such as `val_loss` and `val_accuracy`, may be best in the same epoch, and `min_delta` may change nothing in one
training. What a callback was told then stands in `History.params["early_stopping"]`. Knows nothing of labs or checks.
"""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["install"]


def install() -> None:
    """Let each `keras.callbacks.EarlyStopping` of this process note what it watches. A second call changes nothing.

    Afterwards the parameters of the `History` that `fit` returns hold "early_stopping", a dictionary: name of a watched number → the
    smallest gain that counts. The training itself is the same.
    """
    import keras

    begin = keras.callbacks.EarlyStopping.on_train_begin
    if hasattr(begin, "__wrapped__"):
        return

    @functools.wraps(begin)
    def on_train_begin(callback: Any, logs: dict[str, Any] | None = None) -> None:
        if isinstance(callback.params, dict):
            callback.params.setdefault("early_stopping", {})[str(callback.monitor)] = abs(float(callback.min_delta))
        begin(callback, logs)

    keras.callbacks.EarlyStopping.on_train_begin = on_train_begin
