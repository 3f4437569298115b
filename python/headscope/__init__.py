"""headscope: how a Transformer pays attention, at every scale, in the notebook where the model lives.

Importing this package loads neither torch nor transformers; the first use of a name does.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headscope.answers.budget import budget
    from headscope.answers.capture import Capture
    from headscope.answers.forward import capture
    from headscope.answers.given_attentions import from_attentions
    from headscope.answers.given_vectors import from_vectors
    from headscope.errors import HeadscopeError, RefusedLayer
    from headscope.files.load import load
    from headscope.widgets.explorer import Explorer, explore
    from headscope.widgets.head_view import HeadView
    from headscope.widgets.link import link
    from headscope.widgets.model_view import ModelView
    from headscope.widgets.neuron_view import NeuronView

__version__ = version("headscope")

_HOMES = {
    "Capture": "headscope.answers.capture",
    "capture": "headscope.answers.forward",
    "from_attentions": "headscope.answers.given_attentions",
    "from_vectors": "headscope.answers.given_vectors",
    "budget": "headscope.answers.budget",
    "HeadscopeError": "headscope.errors",
    "RefusedLayer": "headscope.errors",
    "Explorer": "headscope.widgets.explorer",
    "HeadView": "headscope.widgets.head_view",
    "ModelView": "headscope.widgets.model_view",
    "NeuronView": "headscope.widgets.neuron_view",
    "explore": "headscope.widgets.explorer",
    "link": "headscope.widgets.link",
    "load": "headscope.files.load",
}

__all__ = [
    "Capture",
    "Explorer",
    "HeadView",
    "HeadscopeError",
    "ModelView",
    "NeuronView",
    "RefusedLayer",
    "__version__",
    "budget",
    "capture",
    "explore",
    "from_attentions",
    "from_vectors",
    "link",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'headscope' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
