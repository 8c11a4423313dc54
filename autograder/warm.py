"""What every student process needs imported; loaded once by the warm parent, which is then forked for each submission.

Importing must run no TensorFlow op: a process forked after one hangs at its first op.
"""

import IPython.core.interactiveshell  # noqa: F401
import keras  # noqa: F401
import matplotlib
import matplotlib.pyplot
import numpy  # noqa: F401
import pandas  # noqa: F401
import scipy.special  # noqa: F401
import sklearn.linear_model  # noqa: F401

import autograder.student  # noqa: F401

matplotlib.use("agg")
