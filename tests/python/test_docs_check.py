"""What `make docs` asks of the built pages: that they load nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import check_docs
import pytest

LOADED = {
    "script.html": '<script src="https://cdn.example/a.js"></script>',
    "style.html": '<link rel="stylesheet" href="//cdn.example/a.css">',
    "picture.html": '<img src="http://cdn.example/a.png">',
    "within.html": "<style>p { background: url('https://cdn.example/a.png') }</style>",
    "imported.html": '<script type="module">import a from "https://cdn.example/a.js"</script>',
    "font.css": "@font-face { src: url(https://cdn.example/a.woff2) }",
    "other.css": '@import "https://cdn.example/a.css";',
    "fetched.js": 'fetch("https://cdn.example/a.json")',
}


@pytest.mark.parametrize("name", LOADED)
def test_what_a_page_loads_from_elsewhere_is_found(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(LOADED[name])
    assert [source.rsplit("/", 1)[0][-11:] for source in check_docs.remote_sources(tmp_path / name)] == ["cdn.example"]


def test_what_is_followed_or_stands_beside_the_page_is_not(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<link rel="stylesheet" href="_static/a.css"><link rel="canonical" href="https://example.org">'
        '<a href="https://example.org">there</a><img src="a.png"><svg xmlns="http://www.w3.org/2000/svg"></svg>'
    )
    assert check_docs.remote_sources(page) == []


def test_names_that_are_public_are_asked_for() -> None:
    names = check_docs.public_names()
    assert {"headscope.capture", "headscope.bertviz.head_view", "headscope.widgets.view.View.to_html"} <= names
    assert not any(name.endswith((".layer", ".shape")) for name in names)
