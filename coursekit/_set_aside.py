"""Names of a student that a check binds anew: they mean again what they meant before it.

A check runs in the notebook, where a helper of the student's may be called like a variable of the check. Grading keeps the two
apart; so does this. Knows nothing of what a check is.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["SetAside"]

_OF_IPYTHON = ("In", "Out", "exit", "quit", "get_ipython")


@dataclass
class SetAside:
    """What the names of a notebook mean besides checks.

    Attributes:
        made: The names that checks have made, with their values. The next check may bind them anew.
        before: The names as they were before the check that runs now; None if none runs.
    """

    made: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = None

    def begin(self, names: MutableMapping[str, Any]) -> None:
        """Note what the names mean before a check."""
        gone = object()
        self.made = {name: value for name, value in self.made.items() if names.get(name, gone) is value}
        self.before = {name: value for name, value in names.items() if not name.startswith("_") and name not in _OF_IPYTHON}

    def end(self, names: MutableMapping[str, Any]) -> list[str]:
        """Give the names their meaning back after the check. Without a check before it nothing happens.

        Returns:
            The names that the check had bound anew or deleted, sorted.
        """
        before, self.before = self.before, None
        if before is None:
            return []
        gone = object()
        changed = [name for name, value in before.items() if names.get(name, gone) is not value]
        back = [name for name in changed if self.made.get(name, gone) is not before[name]]
        kept = {name: before[name] for name in back}
        for name, value in names.items():
            if (
                not name.startswith("_")
                and name not in _OF_IPYTHON
                and (name not in before or name in changed)
                and name not in kept
            ):
                self.made[name] = value
        names.update(kept)
        return sorted(back)
