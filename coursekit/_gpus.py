"""GPUs on the backends of Keras: memory only as it is needed, and equal numbers in every run, as far as a backend can.

`install` sets environment variables, which a backend reads when it first uses a GPU; it uses the standard library only, because
every `import coursekit` runs it. `names` asks the backend. Knows nothing of notebooks or networks.
"""

from __future__ import annotations

import glob
import os

from coursekit import _tensorflow

__all__ = ["install", "names"]

# A value that the user has set is kept. TensorFlow's `enable_op_determinism` is not used: with it, operations without an exact
# version for GPUs raise an error, and the gradient of a depthwise convolution (lab 5) is one of them.
_VARIABLES = {
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # JAX
    "TF_CUDNN_DETERMINISTIC": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # matrix products of PyTorch
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # looking for a GPU does not take it: a process forked after that may still use it
}
_EXACT_JAX = "--xla_gpu_deterministic_ops=true"


def install() -> None:
    """Set the environment variables."""
    for name, value in _VARIABLES.items():
        os.environ.setdefault(name, value)
    if glob.glob("/dev/nvidia[0-9]*"):
        os.environ.setdefault("XLA_FLAGS", _EXACT_JAX)


def names(backend: str) -> list[str]:
    """Return the names of the GPUs that a backend sees, after telling it to compute the same in every run.

    Args:
        backend: "tensorflow", "jax" or "torch". It is imported.
    """
    find = {"tensorflow": _tensorflow.gpus, "jax": _of_jax, "torch": _of_torch}.get(backend)
    return find() if find else []


def _of_jax() -> list[str]:
    import jax

    return [device.device_kind for device in jax.local_devices() if device.platform != "cpu"]


def _of_torch() -> list[str]:
    import torch

    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
