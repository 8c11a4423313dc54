"""A submission in nbgrader's formgrader, in a page of a real browser: what its fields hold, and marks given in them.

The fields are known by their ids in the page: `test_mean` and `written_why` for points, `mean-comment` and `written_why-comment` for
comments. This module knows no lab and no gradebook.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, Response, expect

__all__ = ["FormgraderPage"]

PATIENCE = 90_000  # milliseconds; a busy machine takes long to answer


@dataclass(frozen=True)
class FormgraderPage:
    """A page that shows one submission at a time.

    Attributes:
        page: The page.
        address: Address of the JupyterLab that serves the course.
    """

    page: Page
    address: str

    def open(self, assignment: str) -> None:
        """Go to the first submission to an assignment, whose notebook has the same name, as an instructor does."""
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(f"{self.address}/formgrader/gradebook/{assignment}/{assignment}")
        self.page.get_by_role("link", name="Submission #1", exact=True).click()
        self._loaded()

    def open_of(self, student: str, assignment: str) -> None:
        """Go to what a student handed in for an assignment, through the list of students."""
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(f"{self.address}/formgrader/manage_students/{student}/{assignment}")
        self.page.get_by_role("link", name=assignment, exact=True).last.click()
        self._loaded()

    def reload(self) -> None:
        """Load the page again."""
        self.page.reload()
        self._loaded()

    def field(self, name: str) -> Locator:
        """The field with this id."""
        return self.page.locator(f"[id='{name}']")

    def give(self, fields: Mapping[str, str]) -> None:
        """Fill fields, and wait until each is saved."""
        for name, text in fields.items():
            kind = "comment" if name.endswith("-comment") else "grade"
            with self.page.expect_response(_saves(kind)) as saved:
                self.field(name).fill(text)
                self.field(name).blur()
            assert saved.value.ok, saved.value.status_text

    def resolve(self, name: str) -> None:
        """Say that the mark in a field may stay as it is, and wait until formgrader asks for no other look."""
        self.page.locator(".panel-heading", has=self.field(name)).get_by_role("button", name="Resolve").click()
        expect(self.field(name)).not_to_have_class(re.compile("needs_manual_grade"), timeout=PATIENCE)

    def waits(self, name: str) -> bool:
        """Whether the field of points is marked as one that a person should look at."""
        return "needs_manual_grade" in (self.field(name).get_attribute("class") or "").split()

    def _loaded(self) -> None:
        """Wait until what was given before stands in the fields: they are filled, and get a placeholder, after the page."""
        for kind in (".extra-credit", ".comment"):
            self.page.wait_for_function(
                "kind => document.querySelector(kind) && !document.querySelector(`${kind}:not([placeholder])`)", arg=kind
            )


def _saves(kind: str) -> Callable[[Response], bool]:
    """Whether a response of the server is to saving a grade or a comment."""
    return lambda answer: f"/api/{kind}/" in answer.url and answer.request.method == "PUT"
