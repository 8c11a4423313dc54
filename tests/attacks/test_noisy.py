"""Work that is right and loud: every point, however often it is graded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

import pytest

from autograder import Verdict
from autograder.labs.model import Lab
from tests.attacks.book import Attack, judge

TIMES = 20 if "EVERY_STUDENT" in os.environ else 5
NOISE = (
    "import logging, sys, warnings\nwarnings.simplefilter('always')\nwarnings.warn('look out')\nlogging.error('a log')\n"
    "print('on stderr', file=sys.stderr)\nimport os\nos.write(2, b'native: E0000 failed to find a GPU\\n')",
    "from tqdm.auto import tqdm\nfor i in tqdm(range(1000)): pass\nimport time\nfor i in tqdm(range(3), file=sys.stdout): time.sleep(0.01)",
    "import matplotlib.pyplot as plt\nfor i in range(25):\n    plt.figure()\n    plt.plot([1, 2])\nplt.show()\n%matplotlib inline",
    "answer = input('how are you? ') if False else 'well'\ntry:\n    input('your name? ')\nexcept EOFError:\n    pass",
    "name = input('a cell that fails, beside the work')",
    "1 / 0",
    "from IPython.display import HTML, Image, clear_output, display\ndisplay(HTML('<b>x</b>'))\nnp.float32(1) / 0\nnp.log(-1.0)",
)
LOUD = {
    "softmax": "def softmax(z):\n    print('softmax of', z, file=sys.stderr)\n    warnings.warn('called')\n"
    "    e = np.exp(z - z.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)",
    "nearest": "nearest = [min((0, 1), key=lambda k: np.hypot(*(x - CENTRES[k]))) for x in X_test]\nplt.scatter(*X_test.T, c=nearest);",
    "last": "last = X_train.shape[0]\nlast",
}
ATTACKS = [
    Attack("loud", LOUD, cells=NOISE, network=True),
    *[Attack(f"loud_{i}", LOUD, cells=NOISE) for i in range(TIMES - 1)],
]


@pytest.mark.parametrize("attack", ATTACKS[:2], ids=lambda attack: attack.name)
def test_noise_costs_nothing(attack: Attack, graded: Mapping[str, Verdict], fort: Lab) -> None:
    judge(fort, attack, graded[attack.name])


def test_noise_is_not_odd(graded: Mapping[str, Verdict]) -> None:
    assert graded["loud"].flags == ()


def test_the_verdict_is_the_same_every_time(graded: Mapping[str, Verdict]) -> None:
    verdicts = {replace(graded[f"loud_{i}"], submission="", seconds=0, cpu_seconds=0).to_json() for i in range(TIMES - 1)}
    assert len(verdicts) == 1
