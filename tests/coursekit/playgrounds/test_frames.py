"""A frame holds what a snapshot says, whatever its numbers, in the layout that the front end reads."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from coursekit.playgrounds.frames import TILE, pack, scaled
from coursekit.playgrounds.session import GRID, Snapshot


def snapshot(**other: Any) -> Snapshot:
    plane = np.linspace(-1, 1, GRID**2).reshape(GRID, GRID)
    values: dict[str, Any] = {
        "epoch": 7, "step": 1, "steps": 25, "train_loss": 0.123456, "test_loss": float("nan"), "train_right": 0.5,
        "test_right": None, "output": plane, "neurons": (np.stack([plane, 4 * plane]), plane[None]), "sizes": (2, 1),
        "weights": ((np.ones((2, 2)), np.zeros(2)), (np.full((2, 1), np.inf), np.zeros(1)), (np.ones((1, 1)), np.zeros(1))),
        "dead": ((0, 1),), "history": tuple((e, 1.0, 2.0) for e in range(1001)), "has_diverged": True,
    }  # fmt: skip
    return Snapshot(**{**values, **other})


def unpack(frame: bytes) -> tuple[dict[str, Any], np.ndarray]:
    end = 4 + int.from_bytes(frame[:4], "little")
    return json.loads(frame[4:end]), np.frombuffer(frame[end:], "uint8")


def test_the_header_says_what_the_snapshot_says_and_what_is_no_number_is_null() -> None:
    header, _ = unpack(pack(snapshot(), {"number": 3}))
    assert (header["number"], header["epoch"], header["steps"]) == (3, 7, 25)
    assert header["loss"] == [0.1235, None]
    assert header["right"] == [0.5, None]
    assert header["weights"][1] == [[None], [None]]
    assert header["dead"] == [[0, 1]]


def test_the_pictures_follow_the_output_first_and_then_every_neuron() -> None:
    _, pixels = unpack(pack(snapshot(), {}))
    assert len(pixels) == GRID**2 + 3 * TILE**2
    output, neurons = pixels[: GRID**2], pixels[GRID**2 :].reshape(3, TILE**2)
    assert (output[0], output[-1]) == (0, 254)
    assert np.array_equal(neurons[0], neurons[1])  # four times as large, and shown alike
    assert neurons[0][0] == 0


def test_a_picture_with_values_that_are_no_numbers_is_still_a_picture() -> None:
    broken = np.full((GRID, GRID), np.nan)
    _, pixels = unpack(pack(snapshot(output=broken, neurons=(broken[None],), sizes=(1,)), {}))
    assert set(pixels) == {127}


def test_small_answers_keep_their_size_and_large_ones_are_scaled_down() -> None:
    assert np.array_equal(scaled(np.array([0.25, -0.5])), [0.25, -0.5])
    assert np.array_equal(scaled(np.array([2.0, -4.0])), [0.5, -1.0])
    assert np.abs(scaled(np.array([np.inf, 1.0]))).max() == 1


def test_a_long_history_is_thinned_and_keeps_its_ends() -> None:
    header, _ = unpack(pack(snapshot(), {}))
    assert len(header["history"]) <= 200
    assert (header["history"][0][0], header["history"][-1][0]) == (0, 1000)
