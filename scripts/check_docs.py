"""What must hold of the built pages: nothing is loaded from elsewhere, and every public name is documented.

``python scripts/check_docs.py build/docs`` prints what does not hold and then fails.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import headscope.bertviz
import headscope.errors
from headscope.widgets.view import View

REMOTE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
LOADED = {"src", "srcset", "poster", "data", "background"}
"""Attributes of which a browser loads what they name."""
NOT_LOADED = {"canonical", "author", "license", "next", "prev", "search"}
"""Links in the head that are only followed."""
IN_STYLES = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)", re.IGNORECASE)
IN_SCRIPTS = re.compile(r"(?:\bimport\s*\(?|\bfrom|\bfetch\(|importScripts\()\s*['\"`]((?:https?:)?//[^'\"`]+)")
NOT_FOR_READERS = {"add_traits", "display_settings", "hold_trait_notifications", "set_state", "shape"}
"""What a view has for its own sake, or for ipywidgets'."""


class Sources(HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser."""
        given = {name: value or "" for name, value in attrs}
        loaded = [value for name, value in given.items() if name in LOADED]
        if tag == "link" and not set(given.get("rel", "").lower().split()) & NOT_LOADED:
            loaded.append(given.get("href", ""))
        self.found += [source for source in loaded if REMOTE.match(source)]
        self.found += IN_STYLES.findall(given.get("style", ""))
        self._within = tag

    def handle_data(self, data: str) -> None:
        """Called by the parser."""
        if self._within in ("style", "script"):
            self.found += (IN_STYLES if self._within == "style" else IN_SCRIPTS).findall(data)


def remote_sources(path: Path) -> list[str]:
    """What one file of the pages loads from elsewhere."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        page = Sources()
        page.feed(text)
        return page.found
    return (IN_STYLES if path.suffix == ".css" else IN_SCRIPTS).findall(text)


def public_names() -> set[str]:
    """All that the page of the API has to have; captures are documented with all that they have."""
    wanted = {f"headscope.{name}" for name in headscope.__all__ if name != "__version__"}
    wanted |= {f"headscope.bertviz.{name}" for name in headscope.bertviz.__all__}
    wanted |= {f"headscope.errors.{name}" for name in headscope.errors.__all__ if name not in headscope.__all__}
    traits = View.class_trait_names()
    ours = [home for home in View.__mro__ if home.__module__.startswith("headscope.")]
    members = {name for home in ours for name in vars(home) if not name.startswith("_") and name not in traits}
    return wanted | {f"headscope.widgets.view.View.{name}" for name in members - NOT_FOR_READERS}


def not_documented(inventory: Path) -> set[str]:
    """Public names that the pages of the API do not have."""
    from sphinx.util.inventory import InventoryFile

    known = InventoryFile.loads(inventory.read_bytes(), uri="").data
    return public_names() - {name for kind in known.values() for name in kind}


def problems(built: Path) -> Iterator[str]:
    """What does not hold, in words."""
    for path in sorted(built.rglob("*")):
        if path.suffix in (".html", ".css", ".js"):
            for source in remote_sources(path):
                yield f"{path.relative_to(built)} loads {source}: the pages must work with no network."
    for name in sorted(not_documented(built / "objects.inv")):
        yield f"{name} is public and docs/api.md has nothing on it."


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1])))
    print("\n".join(found) or "no page loads anything from elsewhere; every public name is documented")
    sys.exit(bool(found))
