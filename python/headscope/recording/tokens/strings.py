"""Tokens that somebody hands over as strings, as their tokenizer writes them: "Ġthe", "▁the", "##the", "the</w>"."""

import re
from collections.abc import Sequence
from typing import Any

from headscope.recording.tokens.pieces import Piece, Style, are_spelled_bytes, read_name, read_names
from headscope.recording.tokens.tokens import Tokens, tokens_of

__all__ = ["read_strings"]

UNKNOWN = -1
"""Stands for the id of a token of which only the text is known."""

_STRUCTURAL = re.compile(r"\[(CLS|SEP|PAD|BOS|EOS)\]|</?s>|<(pad|bos|eos|cls|sep)>|<\|[^|\s]+\|>")
"""How tokenizers write the tokens that are structure and no text."""


def read_strings(
    strings: Sequence[str], tokenizer: Any = None, segments: Sequence[int] | None = None, *, as_written: bool = False
) -> Tokens:
    """Read tokens given as strings.

    Parameters
    ----------
    strings
        One per token, as ``tokenizer.convert_ids_to_tokens`` returns them, or any text.
    tokenizer : transformers tokenizer, optional
        Whose tokens they are. Without one their alphabet is told by its marks; strings that bear none, and begin or end
        with no space, are a word each.
    segments : sequence of int, optional
        0 or 1 per token.
    as_written
        Draw the strings as they are, marks and all, each a word of its own.
    """
    if as_written or tokenizer is None:
        plain = [string for string in strings if not _STRUCTURAL.fullmatch(string)]
        style, mark = (Style.WORDS, "") if as_written else _style_of(plain)
        pieces = [_piece(string, style, mark) for string in strings]
    else:
        pieces = read_names(strings, tokenizer)
    return tokens_of([UNKNOWN] * len(strings), pieces, segments)


def _style_of(strings: Sequence[str]) -> tuple[Style, str]:
    """Tell the alphabet of tokens by its marks."""
    for style, mark, found in (
        (Style.CONTINUES, "##", lambda string: string.startswith("##") and string != "##"),
        (Style.BYTES, "", lambda string: string.startswith("Ġ")),
        (Style.SPACES, "▁", lambda string: string.startswith("▁")),
        (Style.ENDS, "</w>", lambda string: string.endswith("</w>")),
        (Style.GOES_ON, "@@", lambda string: string.endswith("@@") and string != "@@"),
        (Style.CHARACTERS, "", lambda string: string != string.strip(" ") and string.strip(" ") != ""),
    ):
        if any(map(found, strings)):
            return style, mark
    return (Style.BYTES if are_spelled_bytes(strings) else Style.WORDS), ""


def _piece(string: str, style: Style, mark: str) -> Piece:
    if _STRUCTURAL.fullmatch(string):
        return Piece(string.encode(), special=True, alone=True)
    return read_name(string, style, mark)
