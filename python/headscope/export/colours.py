"""The colours of the views, for figures that are drawn in Python (js/views/shared/palette.ts and ramps.ts)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headscope.errors import OutOfRange

__all__ = ["Colours", "colours_of"]

STEPS = 256
LINEAR_BELOW = 0.0031308


@dataclass(frozen=True)
class Colours:
    """Those of one theme, as six hexadecimal digits; ramps from the colour of zero to that of the largest."""

    ground: str
    ink: str
    muted: str
    heads: str
    weights: str
    rail: str

    def head(self, head: int) -> str:
        """The colour of a head, the same in every layer."""
        heads = self.heads.split()
        return f"#{heads[head % len(heads)]}"


LIGHT = Colours(
    ground="ffffff",
    ink="1b1f24",
    muted="59626d",
    heads=(
        "9079fe 05585f f75e89 44a20e 2b5bd1 8d6544 459ec2 90101c 6e1895 b34a91 6a9573 5976b3 a60f65 fa653d 634b9f "
        "695f01 6e3c43 af5fda 427c67 853e80 123eb2 dc6fb7 d0363b 8d4441 d67161 ae6684 2582dc ba2013 8650b7 c14569 "
        "69317a 539d54"
    ),
    weights="f6f6f6 c8d2e1 8a9dbd 4a628f 1b2a52",
    rail="f6f6f6 dcd9d5 aaa49c 756e66",
)
DARK = Colours(
    ground="111111",
    ink="e6e8eb",
    muted="98a2ad",
    heads=(
        "b0a7fe 4e7e83 ff99af 7cc064 5f88e2 ac8c73 80bed9 b05551 9058b0 cd7cb0 94b59a 849bcb c35b8a ff9f85 8778b9 "
        "8c864f 91686c ca8fec 749e8d a56ea0 4870c7 f19dd2 e6746f ac726d eb9c8f c990a6 69a7ec d46555 a67fce da7a90 "
        "8c629a 85bc84"
    ),
    weights="1a1a1a 324056 586e8f 98abc6 f3f6fa",
    rail="1a1a1a 3d3a37 77716a bdb6ad",
)


def colours_of(theme: str) -> Colours:
    """The colours of a theme."""
    if theme not in ("light", "dark"):
        raise OutOfRange(f'theme {theme!r} is unknown: there are "light" and "dark".')
    return LIGHT if theme == "light" else DARK


def ramp(stops: str) -> np.ndarray:
    """Red, green and blue, 0 to 1, of `STEPS` colours through stops, mixed in OKLab (Ottosson 2020)."""
    labs = np.array([_lab(np.array([int(stop[at : at + 2], 16) / 255 for at in (0, 2, 4)])) for stop in stops.split()])
    at = np.linspace(0, len(labs) - 1, STEPS)
    return _rgb(np.stack([np.interp(at, np.arange(len(labs)), axis) for axis in labs.T], axis=-1))


TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
FROM_CONES = np.array(
    [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
)


def _lab(rgb: np.ndarray) -> np.ndarray:
    linear = np.where(rgb <= LINEAR_BELOW * 12.92, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lab: np.ndarray = FROM_CONES @ np.cbrt(TO_CONES @ linear)
    return lab


def _rgb(labs: np.ndarray) -> np.ndarray:
    linear = ((labs @ np.linalg.inv(FROM_CONES).T) ** 3 @ np.linalg.inv(TO_CONES).T).clip(0, 1)
    return np.where(linear <= LINEAR_BELOW, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
