"""``{table-of} keys`` and its like: tables that are read from the code, see `TABLES`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from traitlets import Bool, Enum, List

from headscope.widgets.selection import FIELDS
from headscope.widgets.settings import SETTINGS, Numbers
from headscope.widgets.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

JS = Path(__file__).parents[2] / "js"
KEYS = JS / "views/shared/keys.ts"
LAB_SETTINGS = JS / "lab/schema/settings.json"


def keys() -> Iterable[tuple[str, ...]]:
    """The head, then the lines of the panel that `?` unfolds."""
    listed = re.search(r"export const HELP[^=]*= \[\n(.*?)\n\];", KEYS.read_text(encoding="utf-8"), re.DOTALL)
    if listed is None:
        raise ValueError(f"{KEYS.name} has no HELP: the table of keys cannot be made.")
    yield "keys", "what they do"
    for line in listed[1].splitlines():
        pressed, does = json.loads(line.strip().rstrip(","))
        yield f"`{pressed}`", does


def settings() -> Iterable[tuple[str, ...]]:
    """The head, then every setting."""
    yield "trait", "values", "at first", "what it decides"
    for name in SETTINGS:
        trait = View.class_traits()[name]
        yield f"`{name}`", _values(trait), f"`{trait.default()!r}`", trait.help


def selection() -> Iterable[tuple[str, ...]]:
    """The head, then every field of the selection."""
    yield "trait", "what it is"
    for name in FIELDS:
        yield f"`{name}`", View.class_traits()[name].help


def lab_settings() -> Iterable[tuple[str, ...]]:
    """The head, then every setting of the JupyterLab extension."""
    yield "setting", "values", "what it decides"
    for setting in json.loads(LAB_SETTINGS.read_text(encoding="utf-8"))["properties"].values():
        yield setting["title"], ", ".join(_lab_values(setting)), setting["description"]


def _lab_values(setting: dict[str, Any]) -> Iterable[str]:
    if "oneOf" not in setting:
        yield f"{setting['minimum']} to {setting['maximum']}, {setting['default']} at first"
    for one in setting.get("oneOf", []):
        yield one["title"] + (" (at first)" if one["const"] == setting["default"] else "")


def _values(trait: Any) -> str:
    if isinstance(trait, Enum):
        return ", ".join(f"`{value!r}`" for value in trait.values)
    if isinstance(trait, Bool):
        return "`True`, `False`"
    if isinstance(trait, Numbers):
        return "numbers, or `None`"
    if isinstance(trait, List):
        return f"several of {_values(trait._trait)}"
    return f"{trait.min} to {trait.max}"


TABLES = {"keys": keys, "lab-settings": lab_settings, "selection": selection, "settings": settings}


class TableOf(SphinxDirective):
    """A table whose rows the code tells, read as if it stood in the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Called by Sphinx where the directive stands."""
        for source in (KEYS, LAB_SETTINGS):
            self.env.note_dependency(str(source))
        head, *rows = TABLES[self.arguments[0]]()
        lines = [head, tuple("---" for _ in head), *rows]
        text = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
        place = nodes.Element()
        self.state.nested_parse(StringList(text, source=self.env.docname), self.content_offset, place)
        return place.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("table-of", TableOf)
    return {"parallel_read_safe": True}
