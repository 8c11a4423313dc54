"""GPUs take memory as they need it and compute the same in every run, on a machine that has none too."""

from __future__ import annotations

import os

import pytest

from coursekit import _gpus
from tests.coursekit.test_import import python

ASKED = ("TF_FORCE_GPU_ALLOW_GROWTH", "XLA_PYTHON_CLIENT_PREALLOCATE", "TF_CUDNN_DETERMINISTIC")


def test_importing_coursekit_is_enough_for_memory_growth_and_exact_convolutions() -> None:
    run = python(
        f"import os; [os.environ.pop(name, 0) for name in {ASKED}]; import coursekit; print(*map(os.environ.get, {ASKED}))"
    )
    assert run.stdout.split() == ["true", "false", "1"], run.stderr


def test_a_choice_of_the_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=/tmp/x")
    monkeypatch.setattr(_gpus.glob, "glob", lambda pattern: ["/dev/nvidia0"])
    _gpus.install()
    assert (os.environ["TF_FORCE_GPU_ALLOW_GROWTH"], os.environ["XLA_FLAGS"]) == ("false", "--xla_dump_to=/tmp/x")


@pytest.mark.parametrize("devices", [[], ["/dev/nvidia0"]])
def test_jax_is_asked_for_exact_operations_only_where_there_is_a_gpu(
    devices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLA_FLAGS", "")
    monkeypatch.delenv("XLA_FLAGS")
    monkeypatch.setattr(_gpus.glob, "glob", lambda pattern: devices)
    _gpus.install()
    assert ("xla_gpu_deterministic_ops" in os.environ.get("XLA_FLAGS", "")) == bool(devices)


def test_a_backend_that_nobody_knows_has_no_gpus() -> None:
    assert _gpus.names("openvino") == []
