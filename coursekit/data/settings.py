"""Where data come from on this machine: the registry, the cache folder, the mirror, and whether stand-ins may serve.

Read once per call from the environment (COURSEKIT_DATA, COURSEKIT_MIRROR, COURSEKIT_CACHE), or given by hand.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from coursekit.data.cache import Cache
from coursekit.data.registry import Registry, course_registry

__all__ = ["Mode", "Settings"]

Mode = Literal["auto", "real", "drawn"]


@dataclass(frozen=True)
class Settings:
    """registry: the sets by name. mirror: a folder or address laid out as <dataset>/<file>, or None.

    mode: "real" (or an error), "drawn" (the stand-in), "auto" (real where it can be had, else drawn after a warning).
    """

    registry: Registry
    cache: Cache
    mirror: str | None = None
    mode: Mode = "auto"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Settings from environment variables. Raises ValueError when COURSEKIT_DATA is neither unset, real nor drawn."""
        env = os.environ if environment is None else environment
        mode = env.get("COURSEKIT_DATA", "").strip()
        if mode not in ("", "real", "drawn"):
            raise ValueError(f"COURSEKIT_DATA is {mode!r}; it can be 'real', 'drawn', or left unset")
        folder = env.get("COURSEKIT_CACHE", "").strip() or _default_cache()
        return cls(
            registry=course_registry(),
            cache=Cache(Path(folder).expanduser()),
            mirror=env.get("COURSEKIT_MIRROR", "").strip() or None,
            mode=cast(Mode, mode or "auto"),
        )

    @property
    def key(self) -> tuple[str, str | None, str]:
        """What a decision between real and drawn depends on, for remembering it in this process."""
        return (str(self.cache.folder), self.mirror, self.mode)


def _default_cache() -> str:
    import platformdirs

    return platformdirs.user_cache_dir("coursekit", appauthor=False)
