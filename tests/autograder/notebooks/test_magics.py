"""A magic of a front end, which a kernel takes, ends no cell here; what is wrong in a kernel may be wrong here too."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HARMLESS = [
    "%matplotlib inline",
    "%matplotlib widget",
    "%matplotlib notebook",
    "%matplotlib ipympl",
    "%matplotlib qt",
    "%matplotlib",
    "%matplotlib widget\nimport matplotlib.pyplot as plt\nplt.figure(); plt.plot([1]); plt.show()",
    "%autosave 60",
    "get_ipython().run_line_magic('autosave', '0')",
    "%config InlineBackend.figure_format = 'retina'",
    "%config Completer.use_jedi = False",
    "%load_ext autoreload",
    "%load_ext autoreload\n%autoreload 2",
    "%load_ext google.colab.data_table",
    "%load_ext tensorboard",
    "%tensorboard --logdir logs",
    "%tensorflow_version 2.x",
    "%pip --version",
    "%debug",
    "%pdb on",
    "%gui qt",
    "%edit x.py",
    "%less x.py",
    "%clear",
    "%store x",
    "%qtconsole",
    "%%javascript\nalert(1)",
    "%%html\n<b>x</b>",
    "%%bash\necho hi",
    "%%time\nx = 1",
    "%%capture out\nprint(1)",
    "%%writefile t.py\nx = 1",
    "%cd .",
    "try:\n    import google.colab\nexcept ImportError:\n    away = True\nassert away",
    "import importlib.util\nassert importlib.util.find_spec('google.colab') is None",
    "import sys\nassert 'google.colab' not in sys.modules",
    "from google.colab import drive\ndrive.mount('/content/drive')",
    "import google.colab.files as files\nfiles.upload()",
    "from google.colab import output, userdata\noutput.enable_custom_widget_manager()\nuserdata.get('KEY')",
    "from google.colab.patches import cv2_imshow\ncv2_imshow([1])",
    "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.show()",
    "import matplotlib.pyplot as plt\nimport matplotlib\nmatplotlib.use('Qt5Agg', force=True)\nplt.figure()",
    "import matplotlib.pyplot as plt\nplt.switch_backend('TkAgg')\nplt.figure()",
    "import matplotlib\nmatplotlib.use('Agg')",
    "breakpoint()",
    "!ls",
]
WRONG = ["%nosuchmagic", "import nosuchmodule", "%%nosuch\nx", "%matplotlib inline\n1/0"]
RUN = """
import json, sys, os
sys.stdin = open(os.devnull)
import matplotlib
matplotlib.use("agg")
from autograder.worker.shell import make_shell, run_cell
shell = make_shell()
said = [(run_cell(shell, cell + "\\nreached = 1")["error"] or {}).get("name") if not cell.startswith("%%")
        else (run_cell(shell, cell)["error"] or {}).get("name") for cell in json.load(open(sys.argv[1]))]
json.dump(said, open(sys.argv[2], "w"))
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """Cell → the name of the error that ended it."""
    folder = tmp_path_factory.mktemp("magics")
    (folder / "cells.json").write_text(json.dumps([*HARMLESS, *WRONG]))
    command = [sys.executable, "-c", RUN, str(folder / "cells.json"), str(folder / "said.json")]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=120)
    return dict(zip([*HARMLESS, *WRONG], json.loads((folder / "said.json").read_text()), strict=True))


@pytest.mark.parametrize("cell", HARMLESS)
def test_a_magic_of_a_front_end_ends_no_cell(ended: dict[str, str | None], cell: str) -> None:
    assert ended[cell] is None


@pytest.mark.parametrize("cell", WRONG)
def test_what_is_wrong_in_a_kernel_is_wrong_here(ended: dict[str, str | None], cell: str) -> None:
    assert ended[cell] is not None
