"""A JupyterLab in a headless Chromium, with a notebook open: for tests and for the pictures of the README."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from coursekit.course import kernel_environment

# Playwright drives any Chromium of these names. Runners of CI have Google Chrome.
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def find_browser() -> str | None:
    """The path of a Chromium that Playwright can drive, None if there is none. That of Ubuntu is a snap, which it cannot."""
    found = (path for name in BROWSERS if (path := shutil.which(name)))
    return next((path for path in found if not _is_snap(Path(path))), None)


def _is_snap(path: Path) -> bool:
    """Whether a program is a snap, or a script that starts one."""
    if "snap" in path.resolve().parts:
        return True
    with path.open("rb") as file:
        return file.read(2) == b"#!" and b"/snap/" in file.read(64_000)


CHROMIUM = find_browser()

# Without it, JupyterLab asks which kernel a notebook wants.
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@dataclass(frozen=True)
class JupyterLab:
    """A server, and a browser before it. Every notebook gets a page and a kernel of its own.

    Attributes:
        address: Address of the server.
        root: The folder that it serves.
        browser: The browser.
    """

    address: str
    root: Path
    browser: Browser

    @contextmanager
    def open(self, notebook: Path, folder: Path, *, width: int = 1100, height: int = 900) -> Iterator[Page]:
        """Copy `notebook` to `folder` (a scratch folder below the root), and give a page with the copy in it."""
        copy = Path(shutil.copy(notebook, folder / notebook.name))
        try:
            with self.page(copy, width=width, height=height) as page:
                yield page
        finally:
            for session in self._sessions(self._name(copy)):
                self._ask("DELETE", f"sessions/{session['id']}")

    @contextmanager
    def page(self, notebook: Path, *, width: int = 1100, height: int = 900) -> Iterator[Page]:
        """Give a page with a notebook below the root in it. A kernel that it has already goes on, before and after."""
        page, name = self.browser.new_page(viewport={"width": width, "height": height}), self._name(notebook)
        try:
            # in a workspace of its own it opens nothing else; a busy machine takes long to start Chromium
            page.goto(f"{self.address}/lab/workspaces/{uuid.uuid4()}/tree/{name}", timeout=90_000)
            page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
            # attached, not visible: a narrow toolbar hides it
            page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached", timeout=90_000)
            _until(page, 120, lambda: self._is_connected(name))
            yield page
        finally:
            page.close()

    def _name(self, notebook: Path) -> str:
        """Return what the server calls a notebook."""
        return notebook.relative_to(self.root).as_posix()

    def _is_connected(self, name: str) -> bool:
        """Whether the notebook's kernel runs, waits for work and hears a page: the page's indicator says idle before all that."""
        kernels = [session["kernel"] for session in self._sessions(name)]
        return any(kernel["execution_state"] == "idle" and kernel["connections"] for kernel in kernels)

    def _sessions(self, name: str) -> list[dict[str, Any]]:
        return [session for session in self._ask("GET", "sessions") if session["path"] == name]

    def _ask(self, method: str, what: str) -> Any:
        request = urllib.request.Request(f"{self.address}/api/{what}", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")


@contextmanager
def opened(notebook: Path, folder: Path, *, width: int = 1100, height: int = 900) -> Iterator[Page]:
    """Serve `folder` (a scratch folder) with a copy of `notebook` and open it in a page of a browser of its own."""
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            with JupyterLab(address, folder, browser).open(notebook, folder, width=width, height=height) as page:
                yield page
        finally:
            browser.close()


class PageLostError(TimeoutError):
    """The kernel has nothing to do, and the page still waits: it has missed what the kernel said."""


def run_all(page: Page, seconds: float = 600) -> None:
    """Run every cell and wait until the kernel has come to rest. A page that missed the kernel's answers runs all cells once more."""
    _begin_all(page)
    try:
        _settle(page, seconds)
    except (
        PageLostError
    ) as error:  # JupyterLab's, on a machine with too much to do: what it missed, it waits for until it is closed
        print(error)
        _begin_all(page)
        _settle(page, seconds)


def _begin_all(page: Page) -> None:
    prompts = page.locator(".jp-InputArea-prompt")
    before = set(prompts.all_inner_texts())

    def begun() -> bool:
        """Whether a prompt shows a star or a number that none showed before: new prompts alone may be the page still loading."""
        return any(re.search(r"\[(\*|\d+)\]", text) for text in set(prompts.all_inner_texts()) - before)

    for attempt in range(10):  # the menu does nothing while the kernel is still being connected
        dialog = page.locator(".jp-Dialog")
        if dialog.count():  # a page that lost or never had its kernel asks for one; the proposed one is the notebook's own
            print("JupyterLab asks:", dialog.first.inner_text())
            dialog.locator("button.jp-mod-accept").first.click()
        page.get_by_role("menuitem", name="Run", exact=True).first.click()
        page.get_by_text("Run All Cells", exact=True).click()
        try:
            _until(page, 20, begun)  # a busy machine begins later than it is asked to
            break
        except TimeoutError:
            if attempt == 9:
                raise


def run_cell(page: Page, cell_text: str, seconds: float = 180) -> None:
    """Run the first code cell that holds `cell_text`, as shift-enter does."""
    cell = _cell(page, cell_text)
    prompt = cell.locator(".jp-InputArea-prompt")
    before = prompt.inner_text()
    for _ in range(10):  # the page may not take keys yet when it has just been opened
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(500)
        if prompt.inner_text() != before:
            break
    _settle(page, seconds)


def run_next(page: Page, seconds: float = 180) -> None:
    """Run the cell below the one that `run_cell` has run, as another shift-enter does. A folded cell shows no prompt."""
    cells = page.locator(".jp-Notebook .jp-Cell")

    def selected() -> int:
        return cells.evaluate_all("cells => cells.findIndex((cell) => cell.classList.contains('jp-mod-active'))")

    before = selected()
    page.keyboard.press("Shift+Enter")
    _until(page, 30, lambda: selected() != before)
    _settle(page, seconds)


def write_cell(page: Page, cell_text: str, text: str) -> None:
    """Replace the text of the first code cell that holds `cell_text`, as a paste does."""
    _cell(page, cell_text).locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def save(page: Page) -> None:
    """Save the notebook, and wait until the mark of unsaved work is gone from its tab."""
    page.keyboard.press("Control+S")
    expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0, timeout=60_000)


def _cell(page: Page, text: str) -> Locator:
    """Return the first code cell whose source holds a text. In a long notebook the page draws the last cells when they come into view."""
    cell = page.locator(".jp-CodeCell", has=page.locator(".cm-content", has_text=text)).first
    if not cell.count():
        page.locator(".jp-Notebook .jp-Cell").last.scroll_into_view_if_needed()
    return cell


def _settle(page: Page, seconds: float) -> None:
    quiet = lost = 0

    def waiting() -> list[str]:
        """What the page still waits for: prompts with a star, and an indicator that is not idle."""
        stars = page.locator(".jp-InputArea-prompt", has_text="[*]").count()
        indicator = page.locator(".jp-Notebook-ExecutionIndicator").first.get_attribute("data-status")
        return [f"{stars} prompts with a star"] * bool(stars) + [f"indicator {indicator}"] * (indicator != "idle")

    def at_rest() -> bool:
        nonlocal quiet, lost
        left = waiting()
        quiet = 0 if left else quiet + 1
        lost = lost + 1 if left and _kernel_state(page) == "idle" else 0
        if lost >= 120:
            raise PageLostError(f"the kernel has been idle at 120 looks, and the page still shows {', '.join(left)}")
        return quiet >= 4

    try:
        _until(page, seconds, at_rest)
    except PageLostError:
        raise
    except TimeoutError as error:
        dialogs = page.locator(".jp-Dialog").all_inner_texts()
        raise TimeoutError(f"{error}; kernel {_kernel_state(page)}, {', '.join(waiting())}, dialogs {dialogs}") from error


def _kernel_state(page: Page) -> str:
    """Return what the server says of the notebook's kernel: "idle", "busy", "dead" …, or "none"."""
    address, _, rest = page.url.partition("/lab/")
    name = urllib.parse.unquote(rest.partition("/tree/")[2])
    sessions = page.request.get(f"{address}/api/sessions").json()
    return next((str(session["kernel"]["execution_state"]) for session in sessions if session["path"] == name), "none")


def _until(page: Page, seconds: float, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the page was not where it should be after {seconds} s: {done.__qualname__}")
        page.wait_for_timeout(250)


def _setting(folder: Path, plugin: str, values: dict[str, object]) -> None:
    path = folder / ".settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve `folder` (a scratch folder) with JupyterLab and nbgrader's extensions, and give its address."""
    # Every cell stays in the page, so that a test can look at all of them, and no notice covers one.
    _setting(folder, "notebook-extension/tracker", {"windowingMode": "none"})
    _setting(folder, "apputils-extension/notification", {"fetchNews": "false", "checkForUpdates": False})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"]
    command += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", "--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--ServerApp.disable_check_xsrf=True"]
    # A student whose ID is known: a hand-in asks for none, which would wait for ever, and leaves none in the user's own folder.
    person = folder / ".settings" / "person"
    (person / "coursekit").mkdir(parents=True, exist_ok=True)
    (person / "coursekit" / "student.txt").write_text("eva")
    env = {
        **kernel_environment(),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings"),
        "JUPYTER_CONFIG_DIR": str(folder / ".config"),
    }
    env["XDG_CONFIG_HOME"] = str(person)
    with (folder / ".server.log").open("wb") as log:
        server = subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api", folder / ".server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(url: str, log: Path) -> None:
    for _ in range(480):  # a busy machine takes long to start one
        try:
            urllib.request.urlopen(url, timeout=1)
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
