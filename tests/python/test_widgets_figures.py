"""Figures that Python asks a page for, where no page is but one that is played."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import Page, llama

import headscope as hs
from headscope.errors import CaptureClosed, OutOfRange
from headscope.export.png import png


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


def test_a_png_is_asked_for_at_a_scale_and_written_as_it_comes(view: hs.HeadView, tmp_path: Path) -> None:
    page = Page(view)
    view.to_png(tmp_path / "head.png", scale=2.5, theme="dark", width=85)
    asked = question(page)
    wanted = {"form": "png", "scale": 2.5, "theme": "dark", "width": 85}
    assert {name: asked[name] for name in wanted} == wanted
    page.say({"kind": "figure", "id": asked["id"], "png": base64.b64encode(png(np.eye(4))).decode()})
    assert (tmp_path / "head.png").read_bytes() == png(np.eye(4))


@pytest.mark.parametrize("sent", ["<svg/>", base64.b64encode(b"GIF89a").decode(), 7, None])
def test_what_is_no_png_is_not_written_as_one(sent: Any, view: hs.HeadView, tmp_path: Path) -> None:
    page = Page(view)
    view.to_png(tmp_path / "head.png")
    page.say({"kind": "figure", "id": question(page)["id"], "png": sent})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"scale": "abc"}, r"scale 'abc' is not possible: give 0\.25 to 16 pixels for each pixel of the page"),
        ({"scale": 0}, "give 0.25 to 16"),
        ({"scale": float("nan")}, "give 0.25 to 16"),
        ({"scale": True}, "give 0.25 to 16"),
        ({"width": "85mm"}, "give 40 to 1000 millimetres, or None"),
        ({"width": 3.3}, "give 40 to 1000 millimetres, or None"),
        ({"theme": "auto"}, 'there are "light", "dark", and None'),
    ],
)
def test_what_cannot_be_is_refused_before_a_page_is_asked(
    wrong: dict[str, Any], told: str, view: hs.HeadView, tmp_path: Path
) -> None:
    page = Page(view)
    with pytest.raises(OutOfRange, match=told):
        view.to_png(tmp_path / "head.png", **wrong)
    assert page.answers == []


def test_why_there_is_no_figure_is_logged(view: hs.HeadView, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    page = Page(view)
    view.to_svg(tmp_path / "head.svg")
    page.say({"kind": "figure", "id": question(page)["id"], "error": "This figure takes 12.0 million characters."})
    assert "head.svg" in caplog.text
    assert "12.0 million characters" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_fails_leaves_the_question_to_the_next(
    view: hs.HeadView, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = Page(view)
    view.to_svg(tmp_path / "head.svg")
    asked = {"kind": "figure", "id": question(page)["id"]}
    page.say({**asked, "error": "The popped-out tab is gone."})
    page.say({**asked, "svg": 7})
    page.say({**asked, "svg": "<svg>nurse</svg>"})
    assert (tmp_path / "head.svg").read_text() == "<svg>nurse</svg>"
    assert "The popped-out tab is gone." in caplog.text
    assert "what is no SVG" in caplog.text


def test_a_figure_goes_where_python_was_when_it_was_asked_for(
    view: hs.HeadView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(view)
    (tmp_path / "later").mkdir()
    monkeypatch.chdir(tmp_path)
    view.to_svg("head.svg")
    monkeypatch.chdir(tmp_path / "later")
    page.say({"kind": "figure", "id": question(page)["id"], "svg": "<svg/>"})
    assert (tmp_path / "head.svg").is_file()


def test_a_figure_that_cannot_be_written_leaves_the_one_before(
    view: hs.HeadView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    page = Page(view)
    (tmp_path / "head.svg").write_text("<svg>before</svg>")
    monkeypatch.setattr("os.fsync", full)
    view.to_svg(tmp_path / "head.svg")
    page.say({"kind": "figure", "id": question(page)["id"], "svg": "<svg>after</svg>"})
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"head.svg": "<svg>before</svg>"}
    assert "could not be written" in caplog.text


def full(_file: int) -> None:
    raise OSError("no space left")


def test_a_view_that_is_closed_has_no_figure(view: hs.HeadView, tmp_path: Path) -> None:
    view.close()
    for write in (view.to_svg, view.to_png):
        with pytest.raises(CaptureClosed):
            write(tmp_path / "head.svg")
