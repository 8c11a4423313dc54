"""What axe finds in a page: rules of WCAG 2.2 and good practice that a machine can check."""

from __future__ import annotations

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["problems"]


def problems(page: Page, without: Sequence[str] = (), within: str | None = None) -> list[str]:
    """Return a line for each element of the page, or of the part `within` (a selector), that breaks a rule; not for rules `without`."""
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:200]}"
        for rule in found
        if rule["id"] not in without
        for node in rule["nodes"]
    ]
