"""Names and places for the tokens that come of pictures, once the forward is over: the model is asked what is where."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

import torch

from headscope.recording.inputs.images import image_token
from headscope.recording.layers.parts import base_of
from headscope.recording.pictures.gallery import Gallery
from headscope.recording.pictures.mosaic import Layout, of_convolution, of_rows
from headscope.recording.pictures.origins import MIXED, NO_CELL
from headscope.recording.tokens.tokens import Tokens, listed

if TYPE_CHECKING:
    from headscope.recording.layers.build import RecordBuilder
    from headscope.recording.pictures.patches import Patches
    from headscope.recording.pictures.sight import Sight
    from headscope.recording.tokens.axes import Axis

__all__ = ["place_patches"]

_ADDED = {
    "[CLS]": re.compile(r"^(cls|class)(_token|_embedding)?s?$"),
    "[DISTILL]": re.compile(r"^dist(illation)?_token$"),
    "register": re.compile(r"register"),
    "detection": re.compile(r"^det(ection)?_tokens?$"),
}
"""What vision towers call the tokens that they add to those of the patches; in their order."""


def place_patches(model: torch.nn.Module, sight: Sight, builder: RecordBuilder) -> None:
    """Name the tokens that come of pictures, and place them on these.

    Where the model does not tell, tokens keep their numbers, and a warning says why.
    """
    axes = builder.axes
    if not axes.pictured:
        return
    reasons: dict[str, None] = {}
    try:
        placing = _Placing(model, sight, next(iter(axes.pictured.values())), builder)
        for axis in axes.all:
            try:
                axes.tell(axis, placing.tokens(axis))
            except _Unknown as reason:
                if axis in axes.pictured or image_token(model) in axis.tokens.ids:
                    reasons[str(reason)] = None
    except _Unknown as reason:
        reasons[str(reason)] = None
    if reasons:
        warnings.warn(f"not all patches can be drawn on the picture: {' '.join(reasons)}", stacklevel=4)


class _Unknown(Exception):
    """Why the places of patches are not known."""


def _layout(model: torch.nn.Module, sight: Sight, source: Patches) -> Layout:
    """Where the patches stand that the model makes vectors of."""
    embedding, grids = sight.embedding, sight.arguments.get("image_grid_thw")
    if embedding is None:
        raise _Unknown("no convolution and no linear module was given all of pixel_values.")
    if isinstance(embedding, torch.nn.Conv2d) and len(sight.grid) == 3:
        if sight.given[-2:] != source.pixels.shape[-2:]:
            raise _Unknown("the model resizes its picture.")
        return of_convolution(embedding, sight.grid, *sight.given[-2:])
    vision = getattr(getattr(base_of(model), "config", None), "vision_config", None)
    merge, patch = (getattr(vision, name, None) for name in ("spatial_merge_size", "patch_size"))
    if source.apart is None or not isinstance(grids, torch.Tensor) or not merge or not patch:
        raise _Unknown(
            f"its vectors of patches come from a {type(embedding).__name__}, which does not tell their places."
        )
    if sight.grid != (source.apart,) or int(grids.prod(dim=1).sum()) != source.apart or bool((grids[:, 0] != 1).any()):
        raise _Unknown("its patches are not those of still pictures that image_grid_thw tells.")
    return of_rows(grids.cpu(), merge, patch)


class _Placing:
    """Asks a model for the patches that tokens come of, and names these tokens."""

    def __init__(self, model: torch.nn.Module, sight: Sight, source: Patches, builder: RecordBuilder) -> None:
        self._model, self._sight, self._builder = model, sight, builder
        self._layout = _layout(model, sight, source)
        self._gallery = Gallery(source, self._layout)

    def tokens(self, axis: Axis) -> Tokens:
        """The tokens of an axis, those named that come of patches."""
        modules, side = self._builder.modules_of(axis)
        told = axis in self._builder.axes.told
        count = axis.tokens.ids.count(image_token(self._model)) if told else axis.length
        if not modules or not count:
            return axis.tokens
        if told:
            layout, found = self._ask(axis, modules[:1], side, count)
            return self._beside_text(axis.tokens, layout, found[0])
        if self._builder.rows.get(modules[0], 1) > self._layout.pictures:
            return self._in_windows(axis, modules)
        layout, found = self._ask(axis, modules[:1], side, count)
        return self._named(layout, found[0])

    def _in_windows(self, axis: Axis, modules: list[str]) -> Tokens:
        """Windows are others in every layer; the tokens of all are brought into the order of the picture."""
        layout, found = self._ask(axis, modules, "query", axis.length)
        orders = [one.where(one != NO_CELL, len(one)).argsort(stable=True) for one in found]
        sorted_ = [one[order] for one, order in zip(found, orders, strict=True)]
        if any(not torch.equal(one, sorted_[0]) for one in sorted_):
            raise _Unknown("the windows of some layers leave out patches.")
        self._builder.reorder(axis, dict(zip(modules, orders, strict=True)))
        return self._named(layout, sorted_[0], "padding")

    def _beside_text(self, text: Tokens, layout: Layout, found: torch.Tensor) -> Tokens:
        seen, patch = self._named(layout, found), (found != NO_CELL).tolist()
        begins = [
            at == 0 or patch[at] or patch[at - 1] or text.words[at] != text.words[at - 1] for at in range(len(text))
        ]
        return replace(
            text,
            texts=tuple(seen.texts[at] if here else text.texts[at] for at, here in enumerate(patch)),
            labels=tuple(seen.labels[at] if here else text.labels[at] for at, here in enumerate(patch)),
            special=tuple(not here and text.special[at] for at, here in enumerate(patch)),
            words=tuple(number - 1 for number in accumulate(map(int, begins))),
            picture=seen.picture,
        )

    def _ask(self, axis: Axis, modules: list[str], side: str, tokens: int) -> tuple[Layout, list[torch.Tensor]]:
        """Of each token of an axis the patch, or the square of merged patches, that it comes of.

        Returns
        -------
        layout, found
            `found` [tokens], one for each of the modules, are indices into `layout`, or `NO_CELL`.
        """
        least = max(1, int((len(self._layout.row) / max(tokens, 1)) ** 0.5))
        for by in range(least, 2 * least + 2):
            layout = self._layout.merged(by)
            found = self._sight.origins(modules, side, layout.numbers, self._builder.modules)
            if not all(one.numel() for one in found):
                raise _Unknown(f"the vectors of {modules[0]} are not seen where they enter its attention.")
            if any(bool((one == NO_CELL).all()) for one in found):
                raise _Unknown(f"what {modules[0]} is given hangs on no patch, but through attention to them.")
            if all(map(_is_one_to_one, found)):
                return layout.one_each(), [_item(one, axis, module) for one, module in zip(found, modules, strict=True)]
        raise _Unknown(f"they overlap, or are others in every run: a token of {modules[0]} hangs on more than one.")

    def _named(self, layout: Layout, numbers: torch.Tensor, added: str = "") -> Tokens:
        patches = numbers.tolist()
        shown = self._gallery.shown(layout, numbers[numbers != NO_CELL])
        names = iter([added] * len(patches) if added else self._added(patches.count(NO_CELL), len(shown.pictures)))
        labels = [next(names) if at == NO_CELL else shown.name(at) for at in patches]
        tokens = listed(labels, "patches", [at == NO_CELL for at in patches])
        return replace(tokens, picture=shown.picture([None if at == NO_CELL else at for at in patches]))

    def _added(self, count: int, pictures: int) -> list[str]:
        """The names of tokens that stand for no patch, if parameters near the embedding say what all of them are."""
        path = next(name for name, one in self._model.named_modules() if one is self._sight.embedding).split(".")
        for depth in reversed(range(len(path))):
            names = _of_parameters(self._model.get_submodule(".".join(path[:depth])))
            if len(names) * pictures == count:
                return names * pictures
        return [f"token {number}" for number in range(count)]


def _is_one_to_one(found: torch.Tensor) -> bool:
    """Whether there are tokens that come of patches, each of one, and no two of the same."""
    patches = found[found != NO_CELL]
    return len(patches) > 0 and not bool((patches == MIXED).any()) and len(patches.unique()) == len(patches)


def _item(found: torch.Tensor, axis: Axis, module: str) -> torch.Tensor:
    """What was found of the tokens of an axis."""
    if found.shape == (axis.batch, axis.length):
        return found[axis.row, axis.valid]
    if axis.batch == 1 and found.numel() == axis.length:
        return found.flatten()[axis.valid]
    raise _Unknown(f"{module} is given tokens of the shape {list(found.shape)}.")


def _of_parameters(module: torch.nn.Module) -> list[str]:
    names: list[str] = []
    for name, pattern in _ADDED.items():
        for own, parameter in module.named_parameters(recurse=False):
            if pattern.search(own):
                count = parameter.numel() // parameter.shape[-1]
                names += [name] if name.startswith("[") else [f"{name} {number}" for number in range(count)]
    return names
