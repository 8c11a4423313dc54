"""What axe finds in a page: rules of WCAG 2.2 and good practice that a machine can check."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["problems"]


def problems(page: Page) -> list[str]:
    """Return a line for each element of the page that breaks a rule."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['html'][:200]}" for rule in found for node in rule["nodes"]]
