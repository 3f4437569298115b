"""BertViz's own calls, drawn by headscope: a switch is one import line.

``from bertviz import head_view, model_view`` becomes ``from headscope.bertviz import head_view, model_view``, and
``from bertviz.neuron_view import show`` becomes ``from headscope.bertviz.neuron_view import show``.

Each call shows its view below the cell, as BertViz's does, and returns it: a widget that Python can read and set.
"""

from headscope.bertviz.head_view import head_view
from headscope.bertviz.model_view import model_view

__all__ = ["head_view", "model_view"]
