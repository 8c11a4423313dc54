"""`doctor`: inspects the machine that runs a notebook, and gives advice where something is missing.

Imports Keras and the data module only when called. Knows nothing of what a notebook teaches.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from coursekit import _console, _machine, _quiet, _versions
from coursekit.session import LABS, data_source, loadable

__all__ = ["Finding", "Report", "doctor"]


@dataclass(frozen=True)
class Finding:
    """One result of `doctor`.

    Attributes:
        what: What was inspected.
        found: The result in words.
        advice: What to do; empty if nothing is wrong.
    """

    what: str
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """All results of `doctor`. Its text is a table, followed by the advice, in characters that stdout can show.

    Attributes:
        findings: The results in their order.
    """

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether no finding has advice."""
        return not any(finding.advice for finding in self.findings)

    def __repr__(self) -> str:
        width = max(len(finding.what) for finding in self.findings)
        lines = [f"{'!' if f.advice else '✓'} {f.what:<{width}}  {f.found}" for f in self.findings]
        lines += ["", *(f"! {f.what}: {f.advice}" for f in self.findings if f.advice)] if not self.ok else []
        return _console.fitting("\n".join(lines))

    __str__ = __repr__


def doctor() -> Report:
    """Inspect versions, device, cache folder and data sources, without loading or downloading data.

    It raises no errors: what is missing or broken is reported as a finding with advice.

    Returns:
        A Report. A notebook shows it as a table; in a script use `print(coursekit.doctor())`.
    """
    return Report((*_python(), *_packages(), *_backend(), *_home(), *_cache(), *_sources()))


def _python() -> Iterator[Finding]:
    """Yield whether this version of Python is supported."""
    supported = (3, 10) <= sys.version_info[:2] <= (3, 13)
    advice = "" if supported else "the course is tested on Python 3.10 to 3.13: create an environment with one of these"
    yield Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}", advice)


def _packages() -> Iterator[Finding]:
    """Yield the version of each package that the course needs."""
    for name, oldest in _versions.OLDEST.items():
        found, advice = _versions.package_version(name), ""
        if not found:
            advice = f"pip install '{name}>={_versions.dotted(oldest)}'"
        elif _versions.is_old(name):
            advice = f"{_versions.old(name)}, then restart the kernel"
        else:
            advice = _versions.outside(name)
        yield Finding(name, found or "not installed", advice)


def _backend() -> Iterator[Finding]:
    """Yield the backend of Keras and the device."""
    if _versions.is_old("keras"):
        yield Finding(
            "backend", "not looked at, because Keras is too old", f"{_versions.old('keras')}, then restart the kernel"
        )
        return
    try:
        with _quiet.muted():
            import keras

            device = _machine.device()
    except Exception as error:
        yield Finding("backend", f"cannot be imported: {_machine.first_line(error)}", _machine.cure(error))
        return
    name = keras.config.backend()
    yield Finding("backend", _machine.backend(), _versions.outside(name) if name in _versions.BACKENDS else "")
    yield Finding("device", device)
    for name, found, usual, place in _machine.unusual_settings():
        advice = f"the labs rely on {usual!r}: change {name} in {place}" + (
            "" if place == "this process" else ", or rename that file"
        )
        yield Finding(name, found, advice)


def _home() -> Iterator[Finding]:
    """Yield whether there is a home folder that can be written to."""
    home = _machine.home()
    found = "there is none" if home is None else f"{home}" if os.access(home, os.W_OK) else f"{home}, which is read-only"
    advice = (
        ""
        if home and os.access(home, os.W_OK)
        else (
            "Keras, matplotlib and Jupyter keep their settings there: set the environment variable HOME to a folder of yours "
            "that can be written to, and start Jupyter again"
        )
    )
    yield Finding("home folder", found, advice)


def _cache() -> Iterator[Finding]:
    """Yield whether the cache folder can be written to."""
    from coursekit import data

    try:
        folder = os.fspath(data.Settings.from_environment().cache.folder)
    except ValueError as error:
        yield Finding("cache folder", f"unknown ({error})", "correct the environment variable that it names")
        return
    nearest = folder
    while not os.path.exists(nearest) and os.path.dirname(nearest) != nearest:
        nearest = os.path.dirname(nearest)
    writable = os.path.isdir(nearest) and os.access(nearest, os.W_OK)
    advice = "" if writable else "it cannot be written to: set COURSEKIT_CACHE to a folder that you can write to"
    yield Finding("cache folder", folder, advice)


def _sources() -> Iterator[Finding]:
    """Yield the source of each data set that a lab uses."""
    for name in loadable(sorted({name for names in LABS.values() for name in names})):
        source, problem = data_source(name)
        advice = ""
        if problem:
            advice = "connect to the internet, or set COURSEKIT_MIRROR to a folder that holds the files"
        elif source == "drawn":
            advice = (
                "a stand-in drawn by the course is used; for the real set connect to the internet or set COURSEKIT_MIRROR, "
                "and do not set COURSEKIT_DATA to `drawn`"
            )
        yield Finding(f"data {name}", problem or source, advice)
