"""The page of the playground in a real browser: everybody can use it, and it asks the network for nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from coursekit.playgrounds.state import CHOICES, State

from .axe import problems
from .lab_page import CHROMIUM
from .playground_page import shown

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

LARGEST = State(data="spiral", hidden=(8,) * 6, features=CHOICES["features"], show_test=True)
OPEN_ALL = "document.querySelectorAll('.ckpg details').forEach((part) => (part.open = true))"


def frame(page: Page) -> int:
    return int(page.locator(".ckpg").get_attribute("data-frame") or 0)


def wait_for_frame(page: Page, after: int) -> None:
    page.wait_for_function("after => Number(document.querySelector('.ckpg').dataset.frame) > after", arg=after)


# ── for everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_with_everything_open(browser: Browser, is_dark: bool) -> None:
    with shown(browser, LARGEST.changed(data="drawn", points=[(1, 2, 1)]), is_dark=is_dark) as (page, _):
        page.evaluate(OPEN_ALL)
        page.locator("button.tile").nth(3).click()
        page.wait_for_function("document.querySelectorAll('.ckpg fieldset:not([hidden])').length === 3")
        assert problems(page, within=".ckpg") == []


@pytest.mark.parametrize("width", [700, 500])  # of 1000 at 200 % zoom
def test_the_largest_network_fits_a_narrow_page(browser: Browser, width: int) -> None:
    with shown(browser, LARGEST, width=width) as (page, _):
        page.evaluate(OPEN_ALL)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        tiles = page.locator("button.tile")
        boxes = [tiles.nth(i).bounding_box() for i in range(0, 48, 8)]
        ends = [box["x"] + box["width"] for box in boxes if box]
        assert len(ends) == 6
        assert all(box["x"] >= end for box, end in zip(boxes[1:], ends, strict=False) if box)


def test_it_is_played_with_the_keyboard_alone(browser: Browser) -> None:
    with shown(browser, State(hidden=(2, 2))) as (page, widget):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "▶ Play"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # one epoch
        wait_for_frame(page, 1)
        assert widget.session.epoch == 1
        page.locator("button.tile").first.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Layer 2, neuron 2"
        assert page.locator(".ckpg .out .head").inner_text() == "What layer 2, neuron 2 answers"
        page.keyboard.press("Enter")
        weight = page.get_by_label("from neuron 1")
        weight.fill("1.5")
        before = frame(page)
        weight.press("Enter")
        wait_for_frame(page, before)
        assert widget.session.look().weights[1][0][0, 1] == 1.5


def test_every_control_has_a_name_and_can_be_reached(browser: Browser) -> None:
    with shown(browser, State(data="drawn")) as (page, _):
        page.evaluate(OPEN_ALL)
        controls = page.locator(".ckpg :is(button, input, select, summary, a):visible")
        names = [
            controls.nth(i).evaluate("e => e.getAttribute('aria-label') || (e.labels && e.labels[0] || e).textContent")
            for i in range(controls.count())
        ]
        assert len(names) > 30
        assert all(name.strip() for name in names)
        assert page.locator(".ckpg canvas[role=img]:not([aria-label])").count() == 0


# ── controls ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_points_are_drawn_with_the_mouse_and_by_typing(browser: Browser) -> None:
    with shown(browser, State(data="drawn", hidden=(2,))) as (page, widget):
        box = page.locator(".ckpg .plane").bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
        page.mouse.down()
        page.mouse.up()
        wait_for_frame(page, 1)
        [(x, y, target)] = widget.session.state.points
        assert (round(x), round(y), target) == (3, 3, 1)
        page.get_by_label("orange ■").check()
        page.get_by_label("x₁ of the new point").fill("-2")
        page.get_by_role("button", name="Add point").click()
        wait_for_frame(page, 2)
        assert widget.session.state.points[1] == (-2, 0, -1)


def test_a_refused_value_is_said_and_the_control_shows_the_old_one(browser: Browser) -> None:
    with shown(browser, State(hidden=(2,))) as (page, widget):
        page.get_by_label("x₁", exact=True).uncheck()
        wait_for_frame(page, 1)
        page.get_by_label("x₂", exact=True).uncheck()
        wait_for_frame(page, 2)
        assert page.get_by_role("alert").inner_text() == "features is empty: the network needs at least one input"
        assert page.get_by_label("x₂", exact=True).is_checked()
        assert widget.session.state.features == ("x2",)


def test_hidden_controls_are_not_there(browser: Browser) -> None:
    with shown(browser, State(hidden=(2,), hide=("data", "noise", "features", "hidden", "play", "share"))) as (page, _):
        page.evaluate(OPEN_ALL)
        for label in ("Data", "Hidden layers", "Neurons of layer 1", "x₁"):
            assert not page.get_by_label(label, exact=True).is_visible()
        assert not page.get_by_role("button", name="Play").is_visible()
        assert page.get_by_label("Learning rate").is_visible()


def test_layers_and_neurons_are_added_and_taken_away(browser: Browser) -> None:
    with shown(browser, State(hidden=(2,))) as (page, widget):
        page.get_by_label("Hidden layers").fill("3")
        page.keyboard.press("Enter")
        wait_for_frame(page, 1)
        page.get_by_label("Neurons of layer 3").fill("5")
        page.keyboard.press("Enter")
        wait_for_frame(page, 2)
        assert widget.session.state.hidden == (2, 2, 5)
        assert page.locator("button.tile:visible").count() == 9


def test_a_view_that_is_closed_listens_no_longer(browser: Browser) -> None:
    with shown(browser, State(hidden=(2,))) as (page, widget):
        page.evaluate("window.close_playground()")
        widget.hear({"do": "epoch"})
        page.evaluate("document.querySelector('.ckpg .act.epoch').click()")
        page.wait_for_timeout(300)
        assert frame(page) == 1
