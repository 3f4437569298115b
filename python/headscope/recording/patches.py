"""The patches of a picture as the tokens of an axis: named, and each with its place on the picture."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from headscope.recording.origins import MIXED, NO_CELL
from headscope.recording.picture import Cell, Picture, draw, visible
from headscope.recording.tokens import Tokens, listed

if TYPE_CHECKING:
    from headscope.recording.axes import Axes, Axis
    from headscope.recording.sight import Sight

__all__ = ["Patches", "place_patches"]

_SPECIAL = {
    "[CLS]": re.compile(r"^(cls|class)(_token|_embedding)?s?$"),
    "[DISTILL]": re.compile(r"^dist(illation)?_token$"),
    "register": re.compile(r"register"),
    "detection": re.compile(r"^det(ection)?_tokens?$"),
}
"""What vision towers call the tokens that they add to those of the patches; in their order."""


@dataclass(frozen=True, eq=False)
class Patches:
    """Pictures that a model reads."""

    pixels: torch.Tensor  # [..., C, H, W], as the model's forward gets them
    mean: Sequence[float] | None
    """What the processor subtracted of each channel, where it is known, and `std` what it divided by."""
    std: Sequence[float] | None

    def tokens(self, length: int, valid: torch.Tensor) -> Tokens:  # noqa: ARG002  # as of any Learnt
        """Tokens that nothing is known of yet: which patches they are is asked when the forward is over."""
        return listed([f"token {at}" for at in valid.tolist()], "numbers")

    def picture(self, image: int, cells: Sequence[Cell | None]) -> Picture | None:
        """The picture of this number, None where its numbers are no colours."""
        pixels = self.pixels.reshape(-1, *self.pixels.shape[-3:])[image]
        colours = visible(pixels, self.mean, self.std)
        if colours is None:
            return None
        data, mime = draw(colours)
        return Picture(data, mime, colours.shape[1], colours.shape[0], tuple(cells))


def place_patches(model: torch.nn.Module, sight: Sight, axes: Axes) -> None:
    """Name the tokens of the tower that sees and place them on its picture, by asking the model once more.

    Where the model does not tell, tokens keep their numbers, and a warning says why.
    """
    for axis, source, module in axes.patches[:1]:
        try:
            axes.tell(axis, _read(model, sight, axis, source, module))
        except _Unknown as reason:
            warnings.warn(f"the patches cannot be drawn on the picture: {reason}", stacklevel=4)


class _Unknown(Exception):
    """Why the places of patches are not known."""


def _read(model: torch.nn.Module, sight: Sight, axis: Axis, source: Patches, module: str) -> Tokens:
    if sight.embedding is None:
        raise _Unknown("no convolution and no linear module was given all of pixel_values.")
    if not isinstance(sight.embedding, torch.nn.Conv2d) or len(sight.grid) != 3:
        raise _Unknown(f"its vectors of patches come from a {type(sight.embedding).__name__}.")
    if sight.given[-2:] != source.pixels.shape[-2:]:
        raise _Unknown("the model resizes its picture.")
    found = sight.origins(model.get_submodule(module))
    if found.shape != (axis.batch, axis.length):
        raise _Unknown(f"{module} is given tokens of the shape {list(found.shape)}.")
    return _tokens(model, sight, source, found[axis.row, axis.valid])


def _tokens(model: torch.nn.Module, sight: Sight, source: Patches, found: torch.Tensor) -> Tokens:
    if bool((found == MIXED).any()):
        raise _Unknown("they overlap, or are others in every run: a token hangs on more than one patch.")
    rows, columns = sight.grid[1:]
    numbers = found.tolist()
    images = {number // (rows * columns) for number in numbers if number != NO_CELL}
    if len(images) != 1:
        raise _Unknown(f"tokens of {len(images)} pictures are in one row.")
    added = iter(_added(model, sight.embedding, numbers.count(NO_CELL)))
    at = [divmod(number % (rows * columns), columns) for number in numbers]
    names = [next(added) if number == NO_CELL else f"patch {r},{c}" for number, (r, c) in zip(numbers, at, strict=True)]
    special = [number == NO_CELL for number in numbers]
    cells = [None if alone else _cell(sight, *place) for alone, place in zip(special, at, strict=True)]
    return replace(listed(names, "patches", special), picture=source.picture(images.pop(), cells))


def _cell(sight: Sight, row: int, column: int) -> Cell:
    """The part of the picture next to the middle of what a patch's convolution covers, cut at the edges."""
    convolution = sight.embedding
    assert isinstance(convolution, torch.nn.Conv2d)
    top, height = _span(convolution, 0, row, sight.given[-2])
    left, width = _span(convolution, 1, column, sight.given[-1])
    return left, top, width, height


def _span(convolution: torch.nn.Conv2d, axis: int, at: int, length: int) -> tuple[float, float]:
    """Begin and extent of one step, in fractions of the picture."""
    stride, reach = convolution.stride[axis], convolution.dilation[axis] * (convolution.kernel_size[axis] - 1)
    padding = {"valid": 0, "same": reach // 2}.get(str(convolution.padding), 0)
    if not isinstance(convolution.padding, str):
        padding = convolution.padding[axis]
    middle = at * stride - padding + (reach + 1) / 2
    begin, end = (min(max(edge, 0.0), float(length)) for edge in (middle - stride / 2, middle + stride / 2))
    return begin / length, (end - begin) / length


def _added(model: torch.nn.Module, embedding: torch.nn.Module | None, count: int) -> list[str]:
    """The names of the tokens that stand for no patch, if the parameters near the embedding say what they all are."""
    path = next(name for name, module in model.named_modules() if module is embedding).split(".")
    for depth in reversed(range(len(path))):
        names = _of_parameters(model.get_submodule(".".join(path[:depth])))
        if len(names) == count:
            return names
    return [f"token {number}" for number in range(count)]


def _of_parameters(module: torch.nn.Module) -> list[str]:
    names: list[str] = []
    for name, pattern in _SPECIAL.items():
        for own, parameter in module.named_parameters(recurse=False):
            if pattern.search(own):
                count = parameter.numel() // parameter.shape[-1]
                names += [name] if name.startswith("[") else [f"{name} {number}" for number in range(count)]
    return names
