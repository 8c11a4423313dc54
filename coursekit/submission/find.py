"""Find the notebook that a cell runs in: in Colab, in VS Code, in JupyterLab. Knows nothing of its content."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from coursekit import _environment, _front_end
from coursekit.submission.errors import SubmissionError
from coursekit.submission.notebook import Notebook, parse, read

__all__ = ["Found", "find"]

_COLAB_SECONDS = 120


@dataclass(frozen=True)
class Found:
    """A notebook that was found.

    Attributes:
        notebook: Its content.
        folder: Where it lies, and where its cells run.
        is_live: Whether the content is what the front end shows, saved or not.
        path: Its file; None in Colab, where it lies in Drive.
        saved: When the file was saved; None if that is not known.
    """

    notebook: Notebook
    folder: Path
    is_live: bool = False
    path: Path | None = None
    saved: datetime | None = None


def find(path: str | os.PathLike[str] | None = None, *, seconds: int = _COLAB_SECONDS) -> Found:
    """Find and read the notebook that called.

    Args:
        path: Its file, if it is known.
        seconds: How long Colab may take to give it.

    Raises:
        SubmissionError: If no notebook is found, or it cannot be read. The message asks for its path.
    """
    if path is not None:
        return _file(Path(path).expanduser())
    if _front_end.is_colab():
        return Found(_from_colab(seconds), Path.cwd(), is_live=True)
    for candidate in _candidates():
        if candidate.suffix == ".ipynb" and candidate.is_file():
            return _file(candidate)
    raise SubmissionError(_question())


def _file(path: Path) -> Found:
    if path.is_dir():
        raise SubmissionError(f"{path} is a folder. Give the path of the notebook in it, which ends in .ipynb.")
    saved = _saved(path)  # before it is read: what is saved meanwhile is not called older than it is
    return Found(read(path), path.absolute().parent, path=path.absolute(), saved=saved)


def _saved(path: Path) -> datetime | None:
    """Return when a file was saved, or None."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).astimezone()
    except (OSError, ValueError, OverflowError):
        return None


def _from_colab(seconds: int) -> Notebook:
    """Ask Colab for the notebook as its page shows it."""
    advice = "Choose File ▸ Download ▸ Download .ipynb, and hand in that file."
    try:
        from google.colab import _message  # type: ignore[import-not-found,unused-ignore]

        reply = _message.blocking_request("get_ipynb", timeout_sec=seconds)
    except Exception as error:
        raise SubmissionError(f"Colab did not give the notebook ({type(error).__name__}: {error}). {advice}") from error
    if not isinstance(reply, dict) or "ipynb" not in reply:
        raise SubmissionError(f"Colab did not give the notebook within {seconds} seconds. Try again. If that fails: {advice}")
    return parse(json.dumps(reply["ipynb"]), "the notebook that Colab shows")


def _candidates() -> list[Path]:
    """Return the paths that VS Code and JupyterLab tell their kernels."""
    shell = _front_end.shell()
    in_vs_code = shell.user_ns.get("__vsc_ipynb_file__") if shell is not None else None
    in_jupyter = _environment.value("JPY_SESSION_NAME")
    told = [Path(text) for text in (in_vs_code, in_jupyter) if isinstance(text, str) and text]
    return [*told, *(Path.cwd() / path.name for path in told)]  # a path may be relative to the server's folder


def _question() -> str:
    """Ask for the path, and name the notebooks in this folder."""
    here = sorted(path.name for path in Path.cwd().glob("*.ipynb"))
    example = next((name for name in here if name.startswith("lab")), here[0] if here else "lab02_mlp.ipynb")
    listed = f" The notebooks in {Path.cwd()} are {', '.join(here[:8])}." if here else ""
    return f'Which file is this notebook? Its name cannot be seen from here.{listed} Write coursekit.submit("{example}").'
