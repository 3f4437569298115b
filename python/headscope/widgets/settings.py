"""What the controls of a view decide: how the attention is drawn, not what it is."""

from __future__ import annotations

import math
from typing import Any

from traitlets import Bool, Enum, Float, HasTraits, TraitError, validate

from headscope.answers.display import PAIR_FILTERS, DisplaySettings

__all__ = ["SETTINGS", "THEMES", "Settings"]

THEMES = ("auto", "light", "dark")


class Settings(HasTraits):
    """Traits that every control of a view sets; none changes an answer of the capture."""

    pair_filter = Enum(
        PAIR_FILTERS, "all", help="From which sentence to which; without two sentences all is shown."
    ).tag(sync=True)
    hide_first = Bool(False, help="Leave out the first token and renormalise.").tag(sync=True)
    hide_special = Bool(False, help="Leave out special tokens and renormalise.").tag(sync=True)
    words = Bool(False, help="Merge sub-words into words.").tag(sync=True)
    threshold = Float(0.05, min=0.0, max=1.0, help="Attention weight below which no line is drawn.").tag(sync=True)
    theme = Enum(THEMES, "auto", help='Colours: the host\'s ("auto"), "light" or "dark".').tag(sync=True)

    @validate("threshold")
    def _no_nan(self, proposal: Any) -> float:
        value = float(proposal["value"])
        if math.isnan(value):  # passes every comparison with a bound
            raise TraitError("threshold nan is not a weight: give a number from 0 to 1.")
        return value

    @property
    def display_settings(self) -> DisplaySettings:
        """Those of the settings that decide which numbers are drawn."""
        return DisplaySettings(self.hide_first, self.hide_special, self.words, self.pair_filter)


SETTINGS = tuple(Settings.class_trait_names())
