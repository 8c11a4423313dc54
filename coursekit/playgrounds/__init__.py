"""The playground: a small Keras network learns two-input data while you watch every neuron of it.

`playground` is the way in, also as `coursekit.playground`. Keras, matplotlib and anywidget are imported when they are needed.
"""

from coursekit.playgrounds.address import from_address, to_address
from coursekit.playgrounds.front import Playground, playground
from coursekit.playgrounds.state import State

__all__ = ["Playground", "State", "from_address", "playground", "to_address"]
