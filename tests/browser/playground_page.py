"""A playground in a headless Chromium without JupyterLab: what its page sends reaches the widget in this process, and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from coursekit.playgrounds.session import Session
from coursekit.playgrounds.state import State
from coursekit.playgrounds.widget import PlaygroundWidget

PAGE = """<!doctype html><html lang="en"><head><title>Playground</title></head>
<body style="margin:0;background:BACK"><main><h1 hidden>Playground</h1><div id="here"></div></main></body></html>"""
# The part of anywidget's model that the module uses.
MODEL = """async ([source, values]) => {
  const listeners = new Set();
  const model = {
    get: (name) => values[name],
    on: (event, listener) => listeners.add(listener),
    off: (event, listener) => listeners.delete(listener),
    send: async (message) => { Object.assign(values, await window.hear(message)); listeners.forEach((listener) => listener()); },
  };
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  window.close_playground = module.default.render({ model, el: document.getElementById("here") });
}"""


@contextmanager
def shown(
    browser: Browser, state: State, *, width: int = 1000, height: int = 900, is_dark: bool = False
) -> Iterator[tuple[Page, PlaygroundWidget]]:
    """Show a playground in a page of this size, and give the page with the widget behind it."""
    widget = PlaygroundWidget(Session(state))
    wrong: list[str] = []

    def hear(message: Any) -> dict[str, Any]:
        widget.hear(message)
        return _values(widget)

    page = browser.new_page(viewport={"width": width, "height": height})
    page.on("request", lambda request: None if request.url.startswith("blob:") else wrong.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.expose_function("hear", hear)
    page.set_content(PAGE.replace("BACK", "#111111" if is_dark else "#ffffff"))
    page.evaluate(MODEL, [str(PlaygroundWidget._esm), _values(widget)])
    page.wait_for_selector(".ckpg[data-frame]")
    yield page, widget
    page.close()
    assert wrong == []


def _values(widget: PlaygroundWidget) -> dict[str, Any]:
    """Return the traits as a front end gets them; the bytes of a frame as text."""
    values = {"settings": widget.settings, "samples": widget.samples, "frame": base64.b64encode(widget.frame).decode("ascii")}
    return json.loads(json.dumps(values))
