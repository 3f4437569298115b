"""What a view can be written as: a page of its own, a figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from headscope.widgets.figures import Form, Theme

if TYPE_CHECKING:
    from os import PathLike

    from headscope.widgets.view import View

__all__ = ["Exporting"]


class Exporting:
    """The part of a view that writes files."""

    def to_html(
        self,
        path: str | PathLike[str],
        *,
        layers: Iterable[int] | None = None,
        heads: int | Iterable[int] | Mapping[int, int | Iterable[int]] | None = None,
        dtype: Literal["float32", "int16"] | None = None,
    ) -> Path:
        """Write the view as a page that works with no network and no kernel: one file, as it is now.

        All that a click shows is in it. Views that show vectors have them exact where they are not too many, else
        rounded; then the page says how far any weight is from the exact one.

        Parameters
        ----------
        path
            The file, by custom ``*.html``.
        layers
            Numbers of the layers to keep, in all parts, the selected one in any case; all if None.
        heads
            Heads to keep, of every layer that has them, or by the number of the layer: ``{9: [4], 8: [0, 1]}``, where
            layers that are not named keep all. They keep their numbers; the others are pale small pictures. The page
            begins with those of the selected heads that it holds, else with all that it holds. All if None.
        dtype
            Of the vectors: "float32" or "int16"; None: "float32" of small captures.

        Returns
        -------
        pathlib.Path
            Of the file.

        Raises
        ------
        OverBudget
            Where the layers are too many for a page.
        OutOfRange, CaptureClosed, OSError

        Examples
        --------
        >>> view.to_html("nurse.html")  # doctest: +SKIP
        """
        from headscope.export.page import page
        from headscope.files.replacing import replace_file

        view = cast("View", self)
        return replace_file(Path(path), [page(view, layers, heads, dtype).encode("ascii")])

    def to_svg(self, path: str | PathLike[str], *, theme: Theme | None = None, width: float | None = None) -> None:
        """Write what a page shows of this view as a vector figure: text as text, lines as curves.

        The page draws it, so that it is what is on the screen, and thumbnails are images of their pixels. It is written
        as soon as a page that shows the view has answered, which it can when the cell has ended; why there is no
        figure, where there is none, is said in the view and logged. The key ``f`` saves it from the page.

        Parameters
        ----------
        path
            The file, by custom ``*.svg``.
        theme
            "light" (for print) or "dark"; as on the page if None. The view itself stays as it is.
        width
            Of the column that it is for, in millimetres: the view is laid out for that width, with letters of 8 to 9
            points; as on the page if None.

        Raises
        ------
        OutOfRange, CaptureClosed

        Examples
        --------
        >>> view.to_svg("nurse.svg", theme="light", width=140)  # doctest: +SKIP
        """
        self._send_figure(path, "svg", theme, width)

    def to_png(
        self,
        path: str | PathLike[str],
        *,
        scale: float = 3,
        theme: Theme | None = None,
        width: float | None = None,
    ) -> None:
        """Write the figure of `to_svg` as an image of pixels, as the page draws it. Its key is ``Shift + f``.

        Parameters
        ----------
        path
            The file, by custom ``*.png``.
        scale
            Pixels for each pixel of the page, of which an inch has 96: 3.125 are 300 to the inch.
        theme, width
            As in `to_svg`.

        Raises
        ------
        OutOfRange, CaptureClosed

        Examples
        --------
        >>> view.to_png("nurse.png", theme="light", width=85)  # doctest: +SKIP
        """
        self._send_figure(path, "png", theme, width, scale)

    def _send_figure(
        self, path: str | PathLike[str], form: Form, theme: Theme | None, width: float | None, scale: float = 1.0
    ) -> None:
        view = cast("View", self)
        _ = view.capture  # says so where it is closed
        view.send(view._figures.ask(path, form, theme, width, scale))
