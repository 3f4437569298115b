"""Heads on axes of matplotlib, for people who compose figures in Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from headscope.errors import OutOfRange, RefusedLayer
from headscope.export.colours import Colours, colours_of, ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from headscope.answers.capture import Capture
    from headscope.recording.tokens.tokens import Tokens

__all__ = ["Plot"]

Style: TypeAlias = Literal["lines", "matrix"]
Theme: TypeAlias = Literal["light", "dark"]

GAMMA = 0.7
"""Small weights would all look like zero (js/views/model/paint.ts)."""
MOST_ALPHA, ALPHA, POWER = 0.9, 1.1, 1.1
THIN, THICK = 0.6, 2.0
"""Width of a line in points, of no weight, and what a weight of 1 adds (js/views/head/strokes.ts)."""
BEND = 0.36
POINTS = 32
"""Of a line."""
ROW = 12.0
"""Points from one token to the next, where a figure is made for them."""
LETTERS = (4.5, 8.0)
"""Smallest and largest size of a token's letters in points; where even the smallest are too many, some are left out."""


class Plot:
    """What ``capture.plot`` offers. Each call returns the axes; what was drawn can be styled there.

    Colours and scales are those of the views.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def head(
        self,
        layer: int,
        head: int,
        ax: Axes | None = None,
        *,
        style: Style = "lines",
        threshold: float = 0.05,
        part: str | None = None,
        theme: Theme = "light",
    ) -> Axes:
        """Draw one head, as lines between tokens or as a matrix.

        Parameters
        ----------
        layer, head
            One number each.
        ax
            Axes to draw on; of a figure of their own if None.
        style
            "lines": a line for each weight of at least `threshold`, from its query on the left to its key on the
            right, stronger and wider with more weight, the strongest on top (``ax.collections[0]``).
            "matrix": queries down, keys across (``ax.images[0]``). Where there are more tokens than the axes have
            points, each cell shows the largest weight of its pairs, so that none is lost.
        threshold
            Weight, 0 to 1.
        part
            Which stack of layers.
        theme
            "light" or "dark".

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ModuleNotFoundError
            Where matplotlib is missing.
        OutOfRange, RefusedLayer, OverBudget, CaptureClosed

        Examples
        --------
        >>> capture.plot.head(9, 4).figure.savefig("head.pdf")  # doctest: +SKIP
        """
        colours = colours_of(theme)
        if style not in ("lines", "matrix"):
            raise OutOfRange(f'style {style!r} is unknown: there are "lines" and "matrix".')
        if not 0 <= threshold <= 1:
            raise OutOfRange(f"threshold {threshold!r} is no weight: give 0 to 1.")
        _need_matplotlib()
        sides = self._capture.tokens(part, "query"), self._capture.tokens(part, "key")
        self._capture.attention(layer, head, 0, part=part)  # refuses before anything is drawn
        if ax is None:
            ax = _axes_of(*((2.8, max(map(len, sides))) if style == "lines" else (len(sides[1]), len(sides[0]))))
        _ground(ax, colours)
        if style == "lines":
            _lines(ax, self._capture.attention(layer, head, part=part)[0].cpu().numpy(), threshold, colours.head(head))
            _label_rows(ax, sides, colours)
        else:
            size = max(1, int(min(_points(ax))))
            ends = [(0, len(tokens)) for tokens in sides]
            cells = self._capture.tile(layer, head, ends[0], ends[1], size, part=part).values.numpy()
            _image(ax, cells, colours.weights, GAMMA, (0, len(sides[1]), len(sides[0]), 0))
            _label_cells(ax, sides, colours)
        return ax

    def model(self, ax: Axes | None = None, *, part: str | None = None, theme: Theme = "light") -> Axes:
        """Draw every head as a small picture, layers down and heads across, all on one scale.

        Each cell shows the largest weight of its pairs. The first token is apart, in grey, as the mean over the
        queries of each row. ``ax.images`` are the weights and that token's. Layers that were refused stay empty.

        Parameters
        ----------
        ax
            Axes to draw on; of a figure of their own if None.
        part
            Which stack of layers.
        theme
            "light" or "dark".

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ModuleNotFoundError
            Where matplotlib is missing.
        OutOfRange, CaptureClosed

        Examples
        --------
        >>> capture.plot.model().figure.savefig("model.pdf")  # doctest: +SKIP
        """
        colours = colours_of(theme)
        _need_matplotlib()
        layers = self._capture.layer_numbers(part)
        heads = max(self._capture.head_count(layer, part) for layer in layers)
        if ax is None:
            ax = _axes_of(2.2 * heads, 2.2 * len(layers))
        _ground(ax, colours)
        across, down = _points(ax)
        size = max(3, min(25, int(min(across / max(1, heads), down / len(layers))) - 2))
        body, rail = self._sheets(layers, heads, size, part)
        extent = (0, heads, len(layers), 0)
        _image(ax, body, colours.weights, GAMMA, extent)
        _image(ax, rail, colours.rail, 1.0, extent)
        ax.set_xticks([at + 0.5 for at in range(heads)], [str(at) for at in range(heads)])
        ax.set_yticks([at + 0.5 for at in range(len(layers))], [str(layer) for layer in layers])
        _thin_out(ax, heads, len(layers))
        ax.set_xlabel("head", color=f"#{colours.muted}", fontsize=LETTERS[1])
        ax.set_ylabel("layer", color=f"#{colours.muted}", fontsize=LETTERS[1])
        return ax

    def _sheets(
        self, layers: tuple[int, ...], heads: int, size: int, part: str | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """All heads beside each other, NaN between them: without the first token, and of it alone."""
        queries, keys = (len(self._capture.tokens(part, side)) for side in ("query", "key"))
        tall, wide = min(size, queries) + 2, min(size + 1, keys) + 2
        body, rail = (np.full((len(layers) * tall, heads * wide), np.nan, np.float32) for _ in range(2))
        for row, layer in enumerate(layers):
            try:
                made = self._capture.thumbnails(layer, size, part=part)
            except RefusedLayer:
                continue
            for head, cells in enumerate(made.body.numpy()):
                top, left = row * tall + 1, head * wide + 1
                rows, columns = cells.shape
                first = 0 if made.rail is None else 1
                body[top : top + rows, left + first : left + first + columns] = cells
                if made.rail is not None:
                    rail[top : top + rows, left] = made.rail[head].numpy()
        return body, rail


def _need_matplotlib() -> None:
    try:
        import matplotlib as mpl  # noqa: F401
    except ModuleNotFoundError:
        raise ModuleNotFoundError('capture.plot needs matplotlib: pip install "headscope[plot]"') from None


def _axes_of(across: float, down: float) -> Axes:
    """Axes of a figure with so many rows each way, no larger than a page."""
    from matplotlib import pyplot as plt

    width, height = (min(10.0, max(2.0, length * ROW / 72)) for length in (across, down))
    _, ax = plt.subplots(figsize=(width + 1.6, height + 0.9), layout="constrained")
    return ax


def _points(ax: Axes) -> tuple[float, float]:
    """Width and height of axes, in points: no resolution that is printed is coarser."""
    box = ax.get_window_extent()
    scale = 72 / ax.figure.dpi
    return max(1.0, box.width * scale), max(1.0, box.height * scale)


def _ground(ax: Axes, colours: Colours) -> None:
    ax.set_facecolor(f"#{colours.ground}")
    ax.tick_params(length=0, colors=f"#{colours.muted}")
    for spine in ax.spines.values():
        spine.set_visible(False)


def _lines(ax: Axes, weights: np.ndarray, threshold: float, colour: str) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgb

    with np.errstate(invalid="ignore"):
        queries, keys = np.nonzero((weights >= threshold) & (weights > 0))
    order = np.argsort(weights[queries, keys], kind="stable")  # the strongest last, on top of the others
    queries, keys = queries[order], keys[order]
    found = weights[queries, keys]
    t = np.linspace(0, 1, POINTS)[:, None]
    x = 3 * (1 - t) ** 2 * t * BEND + 3 * (1 - t) * t**2 * (1 - BEND) + t**3
    rise = 3 * (1 - t) * t**2 + t**3
    y = queries + rise * (keys - queries)
    paths = [np.column_stack([x[:, 0], y[:, at]]) for at in range(len(found))]
    shades = [(*to_rgb(colour), float(min(MOST_ALPHA, ALPHA * weight**POWER))) for weight in found]
    ax.add_collection(LineCollection(paths, colors=shades, linewidths=THIN + THICK * found), autolim=False)
    ax.set_xlim(0, 1)


def _image(ax: Axes, cells: np.ndarray, stops: str, gamma: float, extent: tuple[float, float, float, float]) -> None:
    from matplotlib.colors import PowerNorm

    ax.imshow(
        np.ma.masked_invalid(cells),
        cmap=_colormap(stops),
        norm=PowerNorm(gamma, 0, 1),
        extent=extent,
        aspect="equal",
        interpolation="nearest",
    )


def _colormap(stops: str) -> Colormap:
    from matplotlib.colors import ListedColormap

    return ListedColormap(ramp(stops), name="headscope").with_extremes(bad=(0, 0, 0, 0))


def _letters(points: float, count: int) -> tuple[float, int]:
    """The size of the letters of so many rows, and of how many rows one has a label."""
    size = min(LETTERS[1], max(LETTERS[0], 0.8 * points / max(1, count)))
    return size, max(1, math.ceil(1.2 * size * count / points))


def _label_rows(ax: Axes, sides: tuple[Tokens, Tokens], colours: Colours) -> None:
    count = max(map(len, sides))
    ax.set_ylim(count - 0.5, -0.5)
    ax.set_xticks([])
    ax.set_yticks([])
    size, every = _letters(_points(ax)[1], count)
    for tokens, x, align in ((sides[0], -0.02, "right"), (sides[1], 1.02, "left")):
        for at in range(0, len(tokens), every):
            ax.text(
                x,
                at,
                tokens.labels[at],
                ha=align,
                va="center",
                size=size,
                color=f"#{colours.ink}",
                parse_math=False,
            )


def _label_cells(ax: Axes, sides: tuple[Tokens, Tokens], colours: Colours) -> None:
    across, down = _points(ax)
    axes: tuple[tuple[Any, Tokens, float], ...] = ((ax.yaxis, sides[0], down), (ax.xaxis, sides[1], across))
    for axis, tokens, points in axes:
        size, every = _letters(points, len(tokens))
        at = range(0, len(tokens), every)
        axis.set_ticks([one + 0.5 for one in at])
        axis.set_ticklabels([tokens.labels[one] for one in at], size=size, color=f"#{colours.ink}", parse_math=False)
    ax.tick_params(axis="x", rotation=90)


def _thin_out(ax: Axes, heads: int, layers: int) -> None:
    """Leave out numbers that would stand on each other."""
    for axis, points, count in ((ax.xaxis, _points(ax)[0], heads), (ax.yaxis, _points(ax)[1], layers)):
        size, every = _letters(points, count)
        for at, label in enumerate(axis.get_ticklabels()):
            label.set_fontsize(size)
            label.set_visible(at % every == 0)
