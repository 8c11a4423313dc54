"""Full precision for models of notebooks that left mixed precision, or another type with 16 bits, on.

The weights are the student's answer; the rounding of what is computed with them is not. So the process that receives a model
computes with the same weights in 32 bits, and with the optimizer itself instead of the one that scales the loss for it. Knows
configurations of Keras; nothing of files or nodes.
"""

from __future__ import annotations

from typing import Any

__all__ = ["full", "own_optimizer"]

_HALF = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16")
_SCALED = "LossScaleOptimizer"


def full(config: Any) -> Any:
    """Return a configuration that computes in 32 bits wherever the given one does in 16.

    Args:
        config: A configuration of Keras, as JSON values. It is not changed.
    """
    if isinstance(config, list):
        return [full(part) for part in config]
    if not isinstance(config, dict):
        return config
    inner = config.get("config")
    if config.get("class_name") == _SCALED and isinstance(inner, dict) and isinstance(inner.get("inner_optimizer"), dict):
        return full(inner["inner_optimizer"])
    return {
        key: "float32" if key in ("dtype", "name") and _is_policy(config, key) else full(part) for key, part in config.items()
    }


def own_optimizer(optimizer: Any) -> Any:
    """Return the optimizer inside one that scales the loss, and any other optimizer itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _is_policy(config: dict[str, Any], key: str) -> bool:
    """Whether the value under this key is a type of 16 bits: a `dtype`, or the only entry of a policy's configuration."""
    return config[key] in _HALF and (key == "dtype" or set(config) == {"name"})
