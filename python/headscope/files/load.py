"""``hs.load``: a capture out of a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from headscope.answers.capture import Capture
from headscope.answers.part import Part
from headscope.errors import UnreadableFile
from headscope.files.axes import read_axis
from headscope.files.container import Container, is_whole
from headscope.files.layers import SavedLayers
from headscope.files.save import VERSION
from headscope.recording.tokens.axes import Sides
from headscope.recording.tokens.tokens import Tokens

__all__ = ["load"]


def load(path: str | os.PathLike[str], *, device: str | torch.device = "cpu") -> Capture:
    """Open a capture that was saved with `Capture.save`.

    It answers what the capture answered that was saved. The model is not needed: what its certificate said of each
    layer stands in the file. Each layer is read when it is first asked about.

    Parameters
    ----------
    path
        The file. It is kept open until the capture is closed or gone.
    device
        Where the vectors go, and answers are computed.

    Returns
    -------
    Capture

    Raises
    ------
    UnreadableFile
        Where the file is no saved capture, is damaged, or was written by a newer headscope. What is damaged within a
        layer is told when that layer is read.
    FileNotFoundError, PermissionError

    Examples
    --------
    >>> capture = hs.load("nurse.headscope")  # doctest: +SKIP
    >>> hs.Explorer(capture)  # doctest: +SKIP
    """
    container = Container(Path(path).expanduser())
    try:
        return _capture(container, torch.device(device))
    except BaseException:
        container.close()
        raise


def _capture(container: Container, device: torch.device) -> Capture:
    said = container.description
    made_by, number = said.get("made_with"), said.get("version")
    if is_whole(number) and number > VERSION:
        by = made_by.get("headscope", "") if isinstance(made_by, dict) else ""
        raise UnreadableFile(
            f"this file was saved by headscope {by}, in version {number} of its format; this headscope reads up to "
            f"version {VERSION}. Upgrade headscope: pip install -U headscope"
        )
    if not is_whole(number) or number < 1:
        raise container.damaged("it does not tell its version")
    texts, axes, parts = [said.get("model"), said.get("not_finite")], said.get("axes"), said.get("parts")
    if not all(isinstance(text, str) for text in texts) or not isinstance(axes, list) or not isinstance(parts, list):
        raise container.damaged("its description lacks the model, the tokens or the layers")
    tokens = [read_axis(one, container) for one in axes]
    made: dict[str, Part] = {}
    for one in parts:
        name, part = _part(one, tokens, container, device)
        if name in made:
            raise container.damaged(f"it has two parts {name!r}")
        made[name] = part
    if not made:
        raise container.damaged("it has no layer")
    return Capture(made, str(texts[0]), str(texts[1]))


def _part(said: Any, tokens: list[Tokens], container: Container, device: torch.device) -> tuple[str, Part]:
    wrong = container.damaged("one of its parts is described wrongly")
    if not isinstance(said, dict) or not isinstance(said.get("name"), str) or not isinstance(said.get("layers"), list):
        raise wrong
    layers = said["layers"]
    if not layers or not all(isinstance(layer, dict) for layer in layers):
        raise wrong
    sides = Sides(*(_one_of(tokens, said.get(side), container) for side in ("query", "key")))
    made = SavedLayers(container, said["name"], layers, (len(sides.query), len(sides.key)), device)
    if len(made.reports) != len(layers):
        raise container.damaged(f"two layers of {said['name']!r} have one number")
    return said["name"], Part(made, sides)


def _one_of(tokens: list[Tokens], number: Any, container: Container) -> Tokens:
    if not is_whole(number) or number >= len(tokens):
        raise container.damaged("one of its parts has no tokens")
    return tokens[number]
