"""Figures of the course. Each function takes data, draws on an optional `ax` and returns it.

Colour-blind readers can tell the colours apart, and every figure that a notebook shows has alt text.
Knows nothing of labs or of how a model was trained.
"""

from coursekit.plotting._style import COLOURS, MARKERS, alt_text, describe
from coursekit.plotting.activations import *
from coursekit.plotting.activations import __all__ as _activations
from coursekit.plotting.bands import *
from coursekit.plotting.bands import __all__ as _bands
from coursekit.plotting.boundaries import *
from coursekit.plotting.boundaries import __all__ as _boundaries
from coursekit.plotting.curves import *
from coursekit.plotting.curves import __all__ as _curves
from coursekit.plotting.depth import *
from coursekit.plotting.depth import __all__ as _depth
from coursekit.plotting.descent import *
from coursekit.plotting.descent import __all__ as _descent
from coursekit.plotting.diagrams import *
from coursekit.plotting.diagrams import __all__ as _diagrams
from coursekit.plotting.features import *
from coursekit.plotting.features import __all__ as _features
from coursekit.plotting.graphs import *
from coursekit.plotting.graphs import __all__ as _graphs
from coursekit.plotting.images import *
from coursekit.plotting.images import __all__ as _images
from coursekit.plotting.loops import *
from coursekit.plotting.loops import __all__ as _loops
from coursekit.plotting.photos import *
from coursekit.plotting.photos import __all__ as _photos
from coursekit.plotting.regression import *
from coursekit.plotting.regression import __all__ as _regression
from coursekit.plotting.regularisation import *
from coursekit.plotting.regularisation import __all__ as _regularisation
from coursekit.plotting.search import *
from coursekit.plotting.search import __all__ as _search

__all__ = [
    "COLOURS",
    "MARKERS",
    "alt_text",
    "describe",
    *_activations,
    *_bands,
    *_boundaries,
    *_curves,
    *_depth,
    *_descent,
    *_diagrams,
    *_features,
    *_graphs,
    *_images,
    *_loops,
    *_photos,
    *_regression,
    *_regularisation,
    *_search,
]
