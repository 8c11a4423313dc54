"""Where data come from on this machine: registry, cache folder, mirror, and whether stand-ins are allowed.

Read once per call from the environment (COURSEKIT_DATA, COURSEKIT_MIRROR, COURSEKIT_CACHE), or passed
explicitly.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from coursekit import _environment
from coursekit.data.cache import Cache, homeless
from coursekit.data.registry import Registry, course_registry

__all__ = ["Mode", "Settings"]

Mode = Literal["auto", "real", "drawn"]


@dataclass(frozen=True)
class Settings:
    """Where to look for data.

    Attributes:
        registry: The data sets by name.
        cache: The cache.
        mirror: A folder or an address with the files as <dataset>/<file>, or None.
        mode: "real" for the real set or an error, "drawn" for the stand-in, "auto" for the real set if it
            can be obtained and else the stand-in, after a warning.
    """

    registry: Registry
    cache: Cache
    mirror: str | None = None
    mode: Mode = "auto"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Return the settings from environment variables.

        Args:
            environment: The variables; by default those of this process.

        Raises:
            ValueError: If COURSEKIT_DATA is set to something else than "real" or "drawn", or a folder contains
                a variable that is not set.
        """
        mode = _environment.value("COURSEKIT_DATA", environment)
        if mode not in ("", "real", "drawn"):
            raise ValueError(f"COURSEKIT_DATA is {mode!r}; it can be 'real', 'drawn', or left unset")
        mirror = _environment.value("COURSEKIT_MIRROR", environment)
        return cls(
            registry=course_registry(),
            cache=Cache(Path(_environment.folder("COURSEKIT_CACHE", environment) or _default_cache())),
            mirror=(mirror if "://" in mirror else _environment.folder("COURSEKIT_MIRROR", environment)) or None,
            mode=cast(Mode, mode or "auto"),
        )

    @property
    def key(self) -> tuple[str, str | None, str]:
        """What the choice between real and drawn depends on. The process remembers the choice by it."""
        return (str(self.cache.folder), self.mirror, self.mode)


def _default_cache() -> str:
    import platformdirs

    try:
        folder = platformdirs.user_cache_dir("coursekit", appauthor=False)
    except RuntimeError:  # this user has no home folder
        folder = ""
    return folder if os.path.isabs(folder) else os.fspath(homeless())
