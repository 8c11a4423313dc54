"""A result belongs to the backend that computed it, and the fork server runs on the one that the grader chose."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import ClusterError
from autograder.execution import forkserver_client
from autograder.grading import cache, cluster
from coursekit.session import chosen_backend


def test_results_of_one_backend_are_not_those_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for backend in ("tensorflow", "jax", "torch"):
        monkeypatch.setenv("KERAS_BACKEND", backend)
        facts = cache.environment_facts.__wrapped__()
        assert facts["backend"] == backend
        keys.add(cache.digest(facts))
    assert len(keys) == 3


def test_results_computed_in_another_way_are_not_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    before = cache.environment_facts.__wrapped__()
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    after = cache.environment_facts.__wrapped__()
    assert after == {**before, "TF_ENABLE_ONEDNN_OPTS": "1"}
    for expected, facts in ((before, after), (after, before)):
        with pytest.raises(ClusterError, match=r"tcp://other: this worker has TF_ENABLE_ONEDNN_OPTS .* instead of .*variables"):
            cluster._compare(expected, facts, "tcp://other")
    cluster._compare(after, after, "tcp://other")


def test_a_verdict_names_the_backend_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert set(cache.backend_facts()) == {"backend", "tensorflow"}
    monkeypatch.setenv("KERAS_BACKEND", "not-installed-here")
    assert cache.backend_facts() == {"backend": "not-installed-here"}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, str]]:
    """Start a fork server that is none; return its variables."""
    variables: list[dict[str, str]] = []

    def popen(line: list[str], *, env: dict[str, str], **_: Any) -> None:
        variables.append(env)

    def start() -> dict[str, str]:
        client = forkserver_client.ForkServerClient()
        client.wake()
        assert client.control is not None
        client.control.close()
        return variables.pop()

    monkeypatch.setattr(subprocess, "Popen", popen)
    return start


def test_the_fork_server_gets_the_backend_of_the_settings_that_the_grader_reads(
    started: Callable[[], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert (chosen_backend(), started()["KERAS_BACKEND"]) == ("torch", "torch")


def test_tensorflow_computes_without_onednn_unless_the_instructor_says_otherwise(
    started: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    assert started()["TF_ENABLE_ONEDNN_OPTS"] == "0"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    assert started()["TF_ENABLE_ONEDNN_OPTS"] == "1"
