"""Let Keras keep what it works out about each kind of object that it saves or loads.

Some releases look it up under another name than the one they keep it under, so they make a layer only to list its
attributes, again for each layer in each model file: a tenth of the time of a lab that saves models. Knows these releases of
Keras; nothing of models or processes.
"""

from __future__ import annotations

from contextlib import suppress

__all__ = ["KINDS", "fill"]

# Those whose attributes can be listed without computing anything on the backend.
KINDS = ("Functional", "Layer", "Loss", "Operation", "Sequential")


def fill() -> None:
    """Work it out once, for this process and all that are forked from it; do nothing in another release of Keras.

    `keras.backend.clear_session` undoes it, which costs time only.
    """
    try:
        from keras.src.backend.common import global_state
        from keras.src.saving.saving_lib import get_attr_skipset
    except ImportError:
        return
    for kind in KINDS:
        with suppress(ValueError):  # Keras 3.10 does not know them all
            global_state.set_global_attribute(f"saving_attr_skiplist_{kind}", get_attr_skipset(kind))
