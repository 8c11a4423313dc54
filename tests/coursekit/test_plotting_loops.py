"""Looping animations: what is shown, in how many bytes, and in which words."""

from __future__ import annotations

import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

from coursekit import plotting
from coursekit.plotting import loops as module


def bar(ax: Any, height: float) -> None:
    ax.bar([0], [height], color=plotting.COLOURS[0])
    ax.set(ylim=(0, 10))
    plotting.describe(ax, f"A bar of height {height:g}.")


def noise(rng: np.random.Generator, size: int = 60) -> Any:
    """A frame that hardly compresses."""
    return lambda ax, _: ax.imshow(rng.random((size, size)))


def frames_of(gif: bytes) -> list[Image.Image]:
    picture = Image.open(BytesIO(gif))
    found = []
    for number in range(picture.n_frames):
        picture.seek(number)
        found.append(picture.convert("RGB"))
    return found


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


def test_every_value_becomes_a_frame_in_its_order():
    made = plotting.loop(bar, [1, 4, 9], moves="the bar grows")
    blue = [
        sum(np.all(np.abs(np.asarray(frame).astype(int) - (0, 114, 178)) < 40, axis=2).ravel()) for frame in frames_of(made.gif)
    ]
    assert len(blue) == 3
    assert blue == sorted(blue)
    assert blue[2] / blue[0] == pytest.approx(9, rel=0.2)


def test_it_runs_for_ever_and_the_last_frame_stands_longest():
    picture = Image.open(BytesIO(plotting.loop(bar, [1, 4, 9], moves="the bar grows", seconds=0.2).gif))
    assert picture.info["loop"] == 0
    times = []
    for number in range(picture.n_frames):
        picture.seek(number)
        times.append(picture.info["duration"])
    assert times[:-1] == [200, 200]
    assert times[-1] > 2 * 200


def test_the_still_picture_is_the_last_frame():
    made = plotting.loop(bar, [1, 4, 9], moves="the bar grows")
    still = np.asarray(Image.open(BytesIO(made.still)).convert("RGB")).astype(int)
    last = np.asarray(frames_of(made.gif)[-1]).astype(int)
    first = np.asarray(frames_of(made.gif)[0]).astype(int)
    assert np.abs(still - last).mean() < 3 < np.abs(still - first).mean()


def test_the_alt_text_says_what_moves_and_what_the_last_frame_shows():
    alt = plotting.loop(bar, [1, 4, 9], moves="the bar grows.").alt
    assert "Animation, 3 frames" in alt
    assert "What moves: the bar grows. " in alt
    assert "A bar of height 9." in alt
    assert "height 4" not in alt


def test_a_notebook_gets_the_animation_a_still_picture_and_the_words():
    shell = InteractiveShell.instance()
    data, metadata = shell.display_formatter.format(plotting.loop(bar, [1, 9], moves='the "bar" grows'))
    gif = b64decode(re.findall(r'src="data:image/gif;base64,([^"]+)"', data["text/html"])[0])
    assert len(frames_of(gif)) == 2
    assert "the &quot;bar&quot; grows" in data["text/html"]
    assert Image.open(BytesIO(b64decode(data["image/png"]))).format == "PNG"
    assert 'the "bar" grows' in data["text/plain"]
    assert 'the "bar" grows' in metadata["image/png"]["alt"]


def test_readers_who_asked_for_less_motion_get_the_still_picture():
    html = plotting.loop(bar, [1, 9], moves="the bar grows")._repr_mimebundle_()[0]["text/html"]
    source = re.findall(r"<source [^>]+>", html)[0]
    assert 'media="(prefers-reduced-motion: reduce)"' in source
    assert 'srcset="data:image/png' in source


def test_a_picture_above_the_limit_gets_fewer_dots(rng: np.random.Generator):
    large = plotting.loop(noise(rng), range(3), moves="noise", limit=10**7)
    small = plotting.loop(noise(rng), range(3), moves="noise", limit=int(0.8 * len(large.gif)))
    assert len(small.gif) <= 0.8 * len(large.gif)
    assert frames_of(small.gif)[0].width < frames_of(large.gif)[0].width
    assert len(frames_of(small.gif)) == 3


def test_then_frames_are_left_out_but_never_the_last_one_and_a_round_lasts_as_long():
    def draw(ax: Any, number: int) -> None:
        ax.imshow(np.random.default_rng(number).random((60, 60)))
        plotting.describe(ax, f"Number {number}.")

    whole = plotting.loop(draw, range(16), moves="noise", limit=10**7)
    thin = plotting.loop(draw, range(16), moves="noise", limit=int(0.4 * len(whole.gif)))
    frames = frames_of(thin.gif)
    assert 6 <= len(frames) < 16
    assert f"{len(frames)} frames" in thin.alt
    assert "Number 15." in thin.alt
    durations = {round(Image.open(BytesIO(made.gif)).info["duration"] * len(frames_of(made.gif))) for made in (whole, thin)}
    assert max(durations) == pytest.approx(min(durations), rel=0.1)


def test_what_does_not_fit_is_refused_with_its_size(rng: np.random.Generator):
    with pytest.raises(ValueError, match=r"[\d,]+ bytes .* more than the limit of 5,000: draw fewer frames"):
        plotting.loop(noise(rng), range(8), moves="noise", limit=5_000)


def test_the_axes_stand_still_where_the_labels_of_every_frame_have_room():
    boxes, alone = [], []

    def draw(ax: Any, label: str) -> None:
        ax.plot([0, 1])
        ax.set_ylabel(label)
        boxes.append(tuple(ax.get_position().bounds))

    labels = ["y", "very\nlong\nlabel", "two\nlines"]
    plotting.loop(draw, labels, moves="the label")
    for label in labels:
        figure, ax = plt.subplots(figsize=(5.0, 3.4), layout="constrained")
        draw(ax, label)
        figure.draw_without_rendering()
        alone.append(ax.get_position().x0)
        plt.close(figure)
    shown = boxes[3:6]  # the first round only measures
    assert len(set(shown)) == 1
    assert shown[0][0] == pytest.approx(max(alone), abs=0.01)


def test_no_figure_stays_open():
    plotting.loop(bar, [1, 9], moves="the bar grows")
    assert plt.get_fignums() == []


def test_it_can_be_saved(tmp_path: Path):
    made = plotting.loop(bar, [1, 9], moves="the bar grows")
    assert made.save(tmp_path / "bar.gif").read_bytes() == made.gif


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        ([], {}, "at least two frames"),
        ([1], {}, "at least two frames"),
        ([1, 2], {"moves": " "}, "what moves"),
        ([1, 2], {"seconds": 0}, "above 0"),
        ([1, 2], {"seconds": float("nan")}, "above 0"),
    ],
)
def test_calls_that_make_no_animation_are_refused(frames: list[float], options: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        plotting.loop(bar, frames, **{"moves": "the bar grows", **options})
