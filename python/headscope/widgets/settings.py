"""What the controls of a view decide: how the attention is drawn, not what it is."""

from __future__ import annotations

import math
import operator
from typing import Any

from traitlets import Bool, Enum, Float, HasTraits, Int, List, TraitError, validate

from headscope.answers.display import PAIR_FILTERS, DisplaySettings
from headscope.answers.measure import MEASURES

__all__ = ["REDUCES", "SETTINGS", "THEMES", "Settings"]

THEMES = ("auto", "light", "dark")
INTENSITIES = ("shared", "head")
THUMBNAILS = ("matrix", "lines")
PATCHES = ("picture", "columns")
HEAD_MODES = ("lines", "map")
LEVELS = ("auto", "paragraph", "sentence", "word", "token")
REDUCES = ("max", "mean")
ORDERS = ("position", "contribution", "contrast")
STRIPS = ("key", "value", "query")
MARKS = ("none", "key", "distance")
PANES = ("model", "head", "neuron")


class Numbers(List[int]):
    """Numbers of layers or heads from any iterable of whole numbers, kept ascending and each once; None for all."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Int(), None, allow_none=True, **options)

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the numbers as a list, or refuse what is none."""
        if value is None:
            return None
        try:
            numbers = sorted({operator.index(one) for one in value})
        except TypeError:
            raise TraitError(
                f"{self.name} {value!r} is no list of whole numbers: write [0, 1], or None for all."
            ) from None
        if not numbers:
            raise TraitError(f"{self.name} names none: give at least one number, or None for all.")
        return super().validate(obj, numbers)


class Settings(HasTraits):
    """Traits that every control of a view sets; none changes an answer of the capture."""

    pair_filter = Enum(
        PAIR_FILTERS, "all", help="From which sentence to which; without two sentences all is shown."
    ).tag(sync=True)
    hide_first = Bool(False, help="Leave out the first token and renormalise.").tag(sync=True)
    hide_special = Bool(False, help="Leave out special tokens and renormalise.").tag(sync=True)
    words = Bool(False, help="Merge sub-words into words.").tag(sync=True)
    threshold = Float(0.05, min=0.0, max=1.0, help="Attention weight below which no line is drawn.").tag(sync=True)
    measure = Enum(
        MEASURES, "weight", help='What is drawn: the "weight", or weight x norm of the value as it enters the output.'
    ).tag(sync=True)
    intensity = Enum(
        INTENSITIES, "shared", help='Scale of thumbnails and heat: "shared" by all heads, or each "head" its own.'
    ).tag(sync=True)
    thumbnails = Enum(THUMBNAILS, "matrix", help='How the model view draws a head: "matrix" or "lines".').tag(sync=True)
    links = Bool(False, help="Rank all heads in the model view by what links the pinned query and key.").tag(sync=True)
    patches = Enum(
        PATCHES, "picture", help='Where patches of a picture are drawn: on the "picture", or in "columns" with lines.'
    ).tag(sync=True)
    head_mode = Enum(
        HEAD_MODES,
        "lines",
        help='How the head view draws: "lines" of the heads drawn, or a "map" of one.',
    ).tag(sync=True)
    map_level = Enum(
        LEVELS, "auto", help='What a cell of the map is: a "paragraph", "sentence", "word", "token", or as zoom has it.'
    ).tag(sync=True)
    reduce = Enum(
        REDUCES,
        "max",
        help='What a cell of many pairs of tokens shows: "max", or "mean", which keeps mass.',
    ).tag(sync=True)
    show_layers = Numbers(help="Layers in the model view; None for all.").tag(sync=True)
    show_heads = Numbers(help="Heads in the model view; None for all.").tag(sync=True)
    order = Enum(ORDERS, "contribution", help="How the neuron view orders neurons.").tag(sync=True)
    strip = Enum(STRIPS, "key", help="Which vector of each token the neuron view shows first.").tag(sync=True)
    mark = Enum(
        MARKS, "key", help='Neurons marked: those that decide for the pinned "key", that fall with "distance".'
    ).tag(sync=True)
    folded = List(Enum(PANES), help="Panes of the explorer that are folded.").tag(sync=True)
    split = Float(0.43, min=0.2, max=0.8, help="Share of the explorer's width that the head pane takes.").tag(sync=True)
    theme = Enum(THEMES, "auto", help='Colours: the host\'s ("auto"), "light" or "dark".').tag(sync=True)

    @validate("threshold", "split")
    def _no_nan(self, proposal: Any) -> float:
        value, name = float(proposal["value"]), proposal["trait"].name
        if math.isnan(value):  # passes every comparison with a bound
            raise TraitError(
                f"{name} nan is no number: give one from {proposal['trait'].min} to {proposal['trait'].max}."
            )
        return value

    @property
    def display_settings(self) -> DisplaySettings:
        """Those of the settings that decide which numbers are drawn."""
        return DisplaySettings(self.hide_first, self.hide_special, self.words, self.pair_filter, self.measure)


SETTINGS = tuple(Settings.class_trait_names())
