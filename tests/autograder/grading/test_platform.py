"""A result belongs to the backend that computed it, and the fork server runs on the one that the grader chose."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from autograder.execution import forkserver_client
from autograder.grading import cache
from coursekit.session import chosen_backend


def test_results_of_one_backend_are_not_those_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for backend in ("tensorflow", "jax", "torch"):
        monkeypatch.setenv("KERAS_BACKEND", backend)
        facts = cache.environment_facts.__wrapped__()
        assert facts["backend"] == backend
        keys.add(cache.digest(facts))
    assert len(keys) == 3


def test_a_verdict_names_the_backend_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert set(cache.backend_facts()) == {"backend", "tensorflow"}
    monkeypatch.setenv("KERAS_BACKEND", "not-installed-here")
    assert cache.backend_facts() == {"backend": "not-installed-here"}


def test_the_fork_server_gets_the_backend_of_the_settings_that_the_grader_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, str]] = []

    def popen(line: list[str], *, env: dict[str, str], **_: Any) -> None:
        started.append(env)

    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(subprocess, "Popen", popen)
    client = forkserver_client.ForkServerClient()
    client.wake()
    assert client.control is not None
    client.control.close()
    assert (chosen_backend(), started[0]["KERAS_BACKEND"]) == ("torch", "torch")
