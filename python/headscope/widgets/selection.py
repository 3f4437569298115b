"""What is selected: one frozen value and the rules by which it changes. Pure; knows no widget."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, SupportsIndex, TypedDict

from traitlets import TraitError

from headscope.errors import HeadscopeError, NoVectors

if TYPE_CHECKING:
    from headscope.answers.capture import Capture

__all__ = ["FIELDS", "SCALES", "Changes", "Selection", "Shape", "Stack", "shape_of", "spell", "start", "step"]

SCALES = ("model", "head", "neuron")


@dataclass(frozen=True)
class Selection:
    """What is in the picture and in focus. All numbers are 0-based; a position counts tokens of the whole sequence."""

    part: str
    """Stack of layers."""
    layer: int
    heads: tuple[int, ...]
    """Heads drawn, ascending; may be empty."""
    head: int | None
    """Head in focus, one of `heads`; None only while no head is drawn."""
    query: int | None = None
    """Pinned position on the query side."""
    key: int | None = None
    """Pinned position on the key side."""
    neuron: int | None = None
    """Pinned component of the query and key vectors."""
    scale: str = "head"
    """View in focus, one of `SCALES`."""


FIELDS = tuple(field.name for field in fields(Selection))


class Changes(TypedDict, total=False):
    """New values for fields of a `Selection`; a field left out keeps its value where that is still possible."""

    part: str
    layer: SupportsIndex
    heads: Iterable[SupportsIndex]
    head: SupportsIndex | None
    query: SupportsIndex | None
    key: SupportsIndex | None
    neuron: SupportsIndex | None
    scale: str


@dataclass(frozen=True)
class Stack:
    """One stack of layers: how many heads each layer has, by its number, and the lengths of the two axes."""

    heads: Mapping[int, int]
    queries: int
    keys: int
    query_axis: Any = None
    """Equal where the tokens of two stacks are the same, such as the queries of a decoder's "decoder" and "cross"."""
    key_axis: Any = None


@dataclass(frozen=True)
class Shape:
    """What can be selected in a capture."""

    stacks: Mapping[str, Stack]
    width: Callable[[str, int], int]
    """Components of the query vectors of (part, layer); asked only where a neuron is selected: it reads the layer."""


def shape_of(capture: Capture) -> Shape:
    """Return what can be selected in `capture`."""
    stacks = {
        part: Stack(
            heads={layer: capture.head_count(layer, part) for layer in capture.layer_numbers(part)},
            queries=len(capture.tokens(part, "query")),
            keys=len(capture.tokens(part, "key")),
            query_axis=capture.tokens(part, "query"),
            key_axis=capture.tokens(part, "key"),
        )
        for part in capture.parts
    }
    reference = weakref.ref(capture)  # a closed view still knows its shape, and must not keep its capture by it

    def width(part: str, layer: int) -> int:
        living = reference()
        return 0 if living is None else living.record(layer, part).width

    return Shape(stacks, width)


def start(shape: Shape, part: str | None = None, scale: str = "head") -> Selection:
    """Select the first layer of `part` that was not refused, with all its heads drawn and the first in focus."""
    part = next(iter(shape.stacks)) if part is None else part
    layers = shape.stacks[part].heads
    layer = next((layer for layer, count in layers.items() if count), next(iter(layers)))
    count = layers[layer]
    return Selection(part, layer, tuple(range(count)), 0 if count else None, scale=scale)


def step(current: Selection, shape: Shape, **changes: Any) -> Selection:
    """Return `current` with `changes`, all of them checked together.

    Heads are sorted and named once. A head that is in focus but no longer drawn gives way to the first drawn one. Heads
    that a newly chosen layer does not have are dropped; if none remain, all of its heads are drawn. Another part keeps
    what it has of all this: the layer (else its first), the heads, and the pins of an axis that holds the same tokens.

    Parameters
    ----------
    current : Selection
        Must be possible in `shape`.
    shape : Shape
        What can be selected.
    **changes
        New values of fields, see `Changes`.

    Returns
    -------
    Selection
        Equal to `current` if nothing changed.

    Raises
    ------
    TraitError
        If a value is impossible; says which are possible.
    TypeError
        If there is no such field.
    """
    _check_names(changes)
    part = _one_of("part", changes.get("part", current.part), tuple(shape.stacks))
    stack = shape.stacks[part]
    before = shape.stacks[current.part]
    base = current if part == current.part else _carried(current, shape, part)
    owner = "this capture" if len(shape.stacks) == 1 else f"part {part!r}"
    layer = _layer(changes.get("layer", base.layer), stack, owner)
    count = stack.heads[layer]
    if "heads" in changes:
        heads = _heads(changes["heads"], layer, count)
    else:
        heads = _heads_kept(current.heads, before.heads[current.layer], count)
    return Selection(
        part=part,
        layer=layer,
        heads=heads,
        head=_head(changes["head"], heads, layer, count) if "head" in changes else _head_kept(base.head, heads),
        query=_position("query", changes.get("query", base.query), stack.queries),
        key=_position("key", changes.get("key", base.key), stack.keys),
        neuron=_neuron(changes, current, shape, (part, layer)),
        scale=_one_of("scale", changes.get("scale", base.scale), SCALES),
    )


def _carried(current: Selection, shape: Shape, part: str) -> Selection:
    """Return what another part keeps of `current`; heads are for the caller to fit to the layer."""
    old, new = shape.stacks[current.part], shape.stacks[part]
    layer = current.layer if current.layer in new.heads else start(shape, part).layer
    query = current.query if _is_same(old.query_axis, new.query_axis) else None
    key = current.key if _is_same(old.key_axis, new.key_axis) else None
    return replace(current, part=part, layer=layer, query=query, key=key)


def _is_same(axis: Any, other: Any) -> bool:
    return axis is not None and bool(axis == other)


def _check_names(changes: Mapping[str, Any]) -> None:
    for name in changes:
        if name not in FIELDS:
            guess = "".join(f"; did you mean {match}?" for match in get_close_matches(name, FIELDS, 1))
            raise TypeError(f"a selection has no field {name!r}{guess} Its fields are {', '.join(FIELDS)}.")


def _one_of(name: str, value: Any, known: Collection[str]) -> str:
    for one in known:
        if isinstance(value, str) and value == one:
            return one
    raise TraitError(f"{name} {value!r} is unknown: choose one of {', '.join(map(repr, known))}.")


def _layer(value: Any, stack: Stack, owner: str) -> int:
    return _number("layer", value, stack.heads, f"{owner} has layers {spell(stack.heads)}")


def _heads(value: Any, layer: int, count: int) -> tuple[int, ...]:
    has = _what_heads(layer, count)
    try:
        several = list(value)
    except TypeError:
        raise TraitError(f"heads {value!r} is not a list of heads: {has}; write them as in [0, 1].") from None
    return tuple(sorted({_number("head", one, range(count), has) for one in several}))


def _heads_kept(heads: tuple[int, ...], count_before: int, count: int) -> tuple[int, ...]:
    kept = tuple(head for head in heads if head < count)
    emptied = bool(heads) or count_before == 0  # as opposed to: the user had switched off the last one
    return kept if kept or not emptied else tuple(range(count))


def _head(value: Any, heads: tuple[int, ...], layer: int, count: int) -> int | None:
    if value is None:
        return heads[0] if heads else None
    head = _number("head", value, range(count), _what_heads(layer, count))
    if head not in heads:
        wanted = sorted({*heads, head})
        raise TraitError(
            f"head {head} is not drawn: heads is {list(heads)}. To draw it too: select(heads={wanted}, head={head})."
        )
    return head


def _head_kept(head: int | None, heads: tuple[int, ...]) -> int | None:
    if head in heads:
        return head
    return heads[0] if heads else None


def _position(name: str, value: Any, count: int) -> int | None:
    if value is None:
        return None
    tokens = f"positions are 0..{count - 1}, or None for no token"
    return _number(name, value, range(count), tokens)


def _neuron(changes: Mapping[str, Any], current: Selection, shape: Shape, at: tuple[str, int]) -> int | None:
    value = changes.get("neuron", current.neuron)
    if value is None or ("neuron" not in changes and at == (current.part, current.layer)):
        return None if value is None else int(value)
    try:
        width = shape.width(*at)
        if not width:
            raise NoVectors(f"layer {at[1]} has no neurons: only its weights are known")
    except HeadscopeError as refusal:
        if "neuron" not in changes:
            return None
        raise TraitError(f"neuron {value!r} cannot be selected: {refusal}") from refusal
    if "neuron" not in changes:
        return int(value) if value < width else None
    return _number("neuron", value, range(width), f"layer {at[1]} has neurons 0..{width - 1}, or None for no neuron")


def _number(name: str, value: Any, known: Collection[int], has: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TraitError(f"{name} {value!r} is not a whole number: {has}.")
    if number not in known:
        raise TraitError(f"{name} {number} is out of range: {has}.")
    return number


def _what_heads(layer: int, count: int) -> str:
    return f"layer {layer} has heads 0..{count - 1}" if count else f"layer {layer} was refused and has no heads"


def spell(numbers: Iterable[int]) -> str:
    """Name numbers, in short where there is no gap."""
    known = sorted(numbers)
    if not known:
        return "none"
    together = known == list(range(known[0], known[-1] + 1))
    return f"{known[0]}..{known[-1]}" if together and len(known) > 1 else ", ".join(map(str, known))
