"""Let Keras's configurations hold the settings that some releases leave out.

The configuration of `Huber(delta=5)` holds no delta there, so its copy in another process would have the default. Knows
these classes of Keras; nothing of models or processes.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

import keras

__all__ = ["LOST", "keep"]

LOST = {
    keras.initializers.Identity: ("gain",),
    keras.losses.CosineSimilarity: ("axis",),
    keras.losses.Huber: ("delta",),
    keras.losses.SparseCategoricalCrossentropy: ("axis",),
    keras.metrics.CosineSimilarity: ("axis",),
}


def keep() -> None:
    """Add these settings to the configurations, in this process and all that are forked from it. Doing it twice is harmless."""
    for kind, names in LOST.items():
        if not hasattr(kind.get_config, "settings"):
            _add(kind, names)


def _add(kind: type[Any], names: tuple[str, ...]) -> None:
    """Let a class's configuration hold these arguments of its constructor."""
    original = kind.get_config

    @wraps(original)
    def get_config(self: Any) -> dict[str, Any]:
        held = {**vars(self), **(vars(self).get("_fn_kwargs") or {})}
        return {**{name: held[name] for name in names if name in held}, **original(self)}

    get_config.settings = names  # type: ignore[attr-defined]
    kind.get_config = get_config
