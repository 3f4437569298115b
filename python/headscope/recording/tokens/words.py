"""Which tokens make up one word."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import accumulate

from headscope.recording.tokens.pieces import Piece

WITHIN_WORDS = "'\u2019\u02bc\u200c"  # apostrophes, and the non-joiner of Persian
ZERO_WIDTH_JOINER = "\u200d"

# Scripts written without spaces, where a token is as close to a word as can be told.
SPACELESS = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u2e80-\u2fdf\u3005-\u3007\u3021-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua980-\ua9df\uaa60-\uaa7f\uf900-\ufaff"
    "\uff66-\uff9f\U00016fe0-\U00018dff\U0001b000-\U0001b2ff\U00020000-\U0003ffff]"
)
# What forms one character on the screen with the one before: joiners, selectors, skin tones, tags.
EXTENDS = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
LONE_BYTES = re.compile("[\udc80-\udcff]")


def group(pieces: Sequence[Piece], segments: Sequence[int] | None) -> list[int]:
    """Return the index of each token's word, from 0.

    A token continues the word before it if the tokenizer says so ("##ing", "@@", "</w>"); if the boundary lies within
    one character of the text, however many tokens its bytes are spread over; if letters, digits, marks or apostrophes
    of a script with spaces stand on both sides; or if all that is before it is one space, which belongs to the word
    that it leads to as the space in " the" does. Words end at sentence borders and round specials.
    """
    sides = _characters_at_boundaries(pieces)
    words: list[int] = []
    for at, piece in enumerate(pieces):
        apart = at == 0 or piece.alone or pieces[at - 1].alone
        apart = apart or (segments is not None and segments[at] != segments[at - 1])
        goes_on = not apart and _goes_on(pieces[at - 1], piece, sides[at])
        words.append(words[-1] + (not goes_on) if words else 0)
    return words


def _goes_on(before: Piece, piece: Piece, sides: tuple[str, str] | None) -> bool:
    told = before.open if piece.glued is None else piece.glued
    return _continues(sides, after_space=before.data == b" ") if told is None else told


def _characters_at_boundaries(pieces: Sequence[Piece]) -> list[tuple[str, str] | None]:
    """Return the characters before and after the start of each token, None where it lies within one."""
    text = b"".join(piece.data for piece in pieces).decode("utf-8", "surrogateescape")
    sizes = [len(char.encode("utf-8", "surrogateescape")) for char in text]
    index_at = dict(zip(accumulate(sizes, initial=0), range(len(text) + 1), strict=True))
    offsets = accumulate((len(piece.data) for piece in pieces[:-1]), initial=0)
    indices = [index_at.get(offset) for offset in offsets]
    return [None if at is None else (text[max(at - 1, 0) : at], text[at : at + 1]) for at in indices]


def _continues(sides: tuple[str, str] | None, *, after_space: bool) -> bool:
    if sides is None:
        return True
    before, after = sides
    if not before or not after or before.isspace() or after.isspace():
        return after_space and not after.isspace()
    if before == ZERO_WIDTH_JOINER or EXTENDS.match(after) or unicodedata.category(after).startswith("M"):
        return True
    return all(_in_words(char) and not SPACELESS.match(char) for char in sides)


def _in_words(char: str) -> bool:
    if char in WITHIN_WORDS or LONE_BYTES.match(char):
        return True
    return unicodedata.category(char)[0] in "LNM"
