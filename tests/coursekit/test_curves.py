"""The live curve: a small picture that stays small, holds what was measured, and says it in words."""

from __future__ import annotations

import math
import re
from base64 import b64decode
from xml.etree import ElementTree

import pytest
from matplotlib.pyplot import close

from coursekit._curves import picture
from coursekit.plotting import learning_curves

SVG = "{http://www.w3.org/2000/svg}"


def drawn(html: str) -> ElementTree.Element:
    """Return the SVG inside an `<img>`."""
    found = re.search(r"base64,([^\"]+)", html)
    assert found
    return ElementTree.fromstring(b64decode(found[1]))


def places(html: str) -> list[list[tuple[float, ...]]]:
    """Return the points of each curve as they stand in the picture."""
    lines = drawn(html).iter(f"{SVG}polyline")
    return [[tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()] for line in lines]


def test_a_curve_goes_through_its_values_in_proportion() -> None:
    html, alt = picture({"loss": [(1, 4.0), (2, 2.0), (3, 0.0)], "val_loss": [(2, 3.0)]}, 5)
    (x1, top), (x2, middle), (x3, bottom) = places(html)[0]
    assert (x3 - x2, middle - top) == pytest.approx((x2 - x1, bottom - middle))
    assert places(html)[1] == [(x2, pytest.approx((top + middle) / 2))]
    assert alt == "loss over epochs 1 to 3: training 4 to 0, validation 3 to 3."
    assert f'alt="{alt}"' in html


def test_training_and_validation_have_the_dashes_of_learning_curves() -> None:
    values = [(1, 4.0), (2, 2.0), (3, 1.0)]
    html, _ = picture({"loss": values, "val_loss": values}, 3)
    training, validation = ("stroke-dasharray" in line.attrib for line in drawn(html).iter(f"{SVG}polyline"))
    ax = learning_curves({"loss": [4.0, 2.0, 1.0], "val_loss": [4.0, 2.0, 1.0]})
    dashed = {str(line.get_label()): line.get_linestyle() != "-" for line in ax.get_lines()}
    close(ax.figure)
    assert {"training": training, "validation": validation} == {
        name: next(dash for label, dash in dashed.items() if name in label) for name in ("training", "validation")
    }


def test_each_metric_has_a_panel_and_the_loss_is_first() -> None:
    values = [(1, 1.0), (2, 2.0)]
    html, alt = picture({"accuracy": values, "loss": values, "val_loss": values, "learning_rate": values}, 2)
    titles = [text.text for text in drawn(html).iter(f"{SVG}text") if text.get("font-weight")]
    assert titles == ["loss", "accuracy"]
    assert "learning_rate" not in alt


@pytest.mark.parametrize("epochs", [100, 10_000])
def test_a_long_training_makes_no_large_picture(epochs: int) -> None:
    values = [(epoch + 1, math.sin(epoch)) for epoch in range(epochs)]
    html, _ = picture(dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), values), epochs)
    assert len(html) < 12_000
    assert len(places(html)[0]) > 50


def test_what_is_not_finite_is_left_out_and_named_in_words() -> None:
    html, alt = picture({"loss": [(1, 1.0), (2, math.inf), (3, math.nan)]}, 3)
    assert [len(curve) for curve in places(html)] == [1]
    assert "nan" in alt
    html, _ = picture({"loss": [(1, math.nan)]}, 3)
    assert places(html) == []


@pytest.mark.parametrize("low", [0.5, 0.000689, -0.000689, 1.234e-7, -1.234e-17, 123456.0])
def test_the_numbers_of_an_axis_are_not_cut_off(low: float) -> None:
    html, _ = picture({"loss": [(1, 0.444), (10, low)]}, 10)
    ends = [text for text in drawn(html).iter(f"{SVG}text") if text.get("text-anchor") == "end" and text.text != "10"]
    assert {text.text for text in ends} == {"0.444", f"{low:.3g}"}
    widest_digit = 0.65 * 11  # of DejaVu Sans, in the size of the picture
    assert all(float(text.attrib["x"]) >= widest_digit * len(text.text or "") for text in ends)


def test_a_metric_with_a_strange_name_stays_a_picture() -> None:
    html, _ = picture({'a<b>"': [(1, 1.0)]}, 1)
    assert 'a<b>"' in [text.text for text in drawn(html).iter(f"{SVG}text")]
    assert "<b>" not in html
