"""The settings as traits."""

from __future__ import annotations

from typing import Any

import pytest
from traitlets import TraitError

from headscope.answers.display import DisplaySettings
from headscope.widgets.settings import SETTINGS, Settings


def test_defaults() -> None:
    assert {name: getattr(Settings(), name) for name in SETTINGS} == {
        "pair_filter": "all",
        "hide_first": False,
        "hide_special": False,
        "words": False,
        "threshold": 0.05,
        "measure": "weight",
        "intensity": "shared",
        "thumbnails": "matrix",
        "links": False,
        "patches": "picture",
        "head_mode": "lines",
        "map_level": "auto",
        "reduce": "max",
        "show_layers": None,
        "show_heads": None,
        "order": "contribution",
        "strip": "key",
        "mark": "key",
        "folded": [],
        "split": 0.43,
        "theme": "auto",
    }


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("pair_filter", "b->c", "b->a"),
        ("hide_first", "yes", True),
        ("hide_special", None, True),
        ("words", 3, True),
        ("threshold", 1.01, 1),
        ("threshold", -0.01, 0),
        ("threshold", float("nan"), 0.5),
        ("theme", "blue", "dark"),
        ("measure", "norm", "value_norm"),
        ("head_mode", "matrix", "map"),
        ("map_level", "line", "sentence"),
        ("reduce", "sum", "mean"),
        ("show_layers", 3, [3]),
        ("show_heads", [], [0]),
        ("show_heads", [1.5], [1]),
        ("links", "yes", True),
        ("folded", ["heads"], ["head"]),
        ("split", 0.9, 0.8),
    ],
)
def test_a_bad_value_is_refused_beside_a_good_one(name: str, bad: Any, good: Any) -> None:
    settings = Settings()
    before = getattr(settings, name)
    with pytest.raises(TraitError, match=name):
        setattr(settings, name, bad)
    assert getattr(settings, name) == before
    setattr(settings, name, good)
    assert getattr(settings, name) == good


def test_numbers_may_be_any_iterable_and_come_out_ascending() -> None:
    assert Settings(show_layers=range(3)).show_layers == [0, 1, 2]
    assert Settings(show_heads=(4, 2, 4)).show_heads == [2, 4]
    assert Settings(show_heads=[1], show_layers=None).show_layers is None


def test_display_settings_are_those_that_change_numbers() -> None:
    settings = Settings(hide_first=True, words=True, pair_filter="a->b", threshold=0.5, theme="dark")
    expected = DisplaySettings(hide_first=True, hide_special=False, words=True, pair_filter="a->b")
    assert settings.display_settings == expected
