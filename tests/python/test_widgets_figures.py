"""Figures that Python asks a page for, where no page is but one that is played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pages import Page, llama

import headscope as hs
from headscope.errors import CaptureClosed


@pytest.fixture
def view() -> hs.HeadView:
    return hs.HeadView(llama())


def question(page: Page) -> dict[str, Any]:
    return [answer for answer in page.answers if answer.get("kind") == "figure"][-1]


def test_a_figure_is_written_where_python_was_told_by_the_first_page_that_answers(
    view: hs.HeadView, tmp_path: Path
) -> None:
    page = Page(view)
    view.to_svg(tmp_path / "head.svg")
    for svg in ("<svg>·nurse</svg>", "<svg>second</svg>"):
        page.say({"kind": "figure", "id": question(page)["id"], "svg": svg})
    assert (tmp_path / "head.svg").read_text(encoding="utf-8") == "<svg>·nurse</svg>"


def test_each_question_has_a_file_of_its_own(view: hs.HeadView, tmp_path: Path) -> None:
    page = Page(view)
    for name in ("a", "b"):
        view.to_svg(tmp_path / f"{name}.svg")
        page.say({"kind": "figure", "id": question(page)["id"], "svg": name})
    assert [(tmp_path / f"{name}.svg").read_text() for name in ("a", "b")] == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [None, {}, {"kind": "figure"}, {"kind": "figure", "id": "other", "svg": "<svg/>"}, {"kind": "figure", "id": []}],
)
def test_what_nobody_asked_for_is_written_nowhere(content: Any, view: hs.HeadView, tmp_path: Path) -> None:
    page = Page(view)
    view.to_svg(tmp_path / "head.svg")
    page.say(content)
    page.say({"kind": "figure", "id": question(page)["id"], "svg": 7})
    assert list(tmp_path.iterdir()) == []


def test_a_view_that_is_closed_has_no_figure(view: hs.HeadView, tmp_path: Path) -> None:
    view.close()
    with pytest.raises(CaptureClosed):
        view.to_svg(tmp_path / "head.svg")
