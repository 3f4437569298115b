"""Where sentences and paragraphs begin, in token positions: from the tokens' own text, whichever tokenizer made it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from headscope.recording.tokens.tokens import Tokens

__all__ = ["levels"]

BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
LINE_BREAKS = re.compile(r"\n(?:[^\S\n]*\n)*")
SENTENCE_END = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]+[\"'\u2019\u201d\u00bb)\]*_]*(?=\s+(\S))(?:[^\S\n]*\n)*|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d\uff09]*"
)
"""Marks, what they are quoted in, and line breaks. Group 1 is what goes on behind, in text written with spaces. It
looks at the first mark of several only, so that a text of nothing but marks is read in one pass."""
ABBREVIATED = re.compile(r"(?:^|[\s(\[\"'])(?:[^\W\d_]|Mrs?|Ms|Dr|Prof|St|vs|cf|[Ff]igs?|[Vv]ol|[Ee]q|pp|e\.g|i\.e)\.$")
"""Text that ends with a full stop and not with a sentence: an initial, or one of a few abbreviations."""


def levels(tokens: Tokens) -> dict[str, list[int]]:
    """Edges of the sentences and the paragraphs of a text.

    Paragraphs are set apart by blank lines; where a text has none, by line breaks. Sentences end with their marks, and
    with their paragraph. A space or line break belongs to what it follows unless it is in one token with what it leads
    to. Where two texts were given as a pair, each begins a sentence and a paragraph.
    """
    if tokens.kind != "text":
        return {name: [0, len(tokens)] for name in ("sentence", "paragraph")}
    pieces = _pieces(tokens)
    text = "".join(pieces)
    starts = list(accumulate(map(len, pieces), initial=0))
    breaks = BLANK_LINES if BLANK_LINES.search(text.strip()) else LINE_BREAKS
    paragraphs = [match.end() for match in breaks.finditer(text)]
    cased = any(map(str.isupper, text))
    sentences = [match.end() for match in SENTENCE_END.finditer(text) if _ends(text, match, cased=cased)]
    of_pair = [at for at in range(1, len(tokens)) if tokens.segments and tokens.segments[at] != tokens.segments[at - 1]]
    return {
        "sentence": _edges([*_positions(starts, text, [*paragraphs, *sentences]), *of_pair], len(tokens)),
        "paragraph": _edges([*_positions(starts, text, paragraphs), *of_pair], len(tokens)),
    }


def _pieces(tokens: Tokens) -> list[str]:
    """What each token adds to the text; special tokens add nothing."""
    pieces = ["" if special else text for text, special in zip(tokens.texts, tokens.special, strict=True)]
    if any(map(str.isspace, "".join(pieces))):
        return pieces
    # The tokenizer dropped the spaces: words stand for them, so that a mark before a word is known to be its end.
    begins = [at > 0 and tokens.words[at] != tokens.words[at - 1] for at in range(len(pieces))]
    return [f" {piece}" if new and piece[:1].isalnum() else piece for piece, new in zip(pieces, begins, strict=True)]


def _ends(text: str, match: re.Match[str], *, cased: bool) -> bool:
    """Whether a mark ends a sentence: what follows does not go on in lower case, and no abbreviation stands before."""
    following = match.group(1)
    if following is None:
        return True
    if cased and following.islower():
        return False
    return match.group() != "." or not ABBREVIATED.search(text, max(0, match.start() - 12), match.end())


def _positions(starts: list[int], text: str, offsets: Iterable[int]) -> list[int]:
    """The first token that begins at each offset of the text, or after it."""
    return [bisect_left(starts, offset) for offset in offsets if offset < len(text)]


def _edges(positions: Iterable[int], count: int) -> list[int]:
    return sorted({0, count, *(at for at in positions if at < count)})
