"""Look at Transformer attention in a notebook."""

from importlib.metadata import version

__version__ = version("headscope")
