"""What each token adds to the text, as bytes, told by how the tokenizer itself puts tokens together.

A vocabulary writes its tokens in one of a few alphabets ("Ġthe", "▁the", "##the", "the</w>"). Which one is
found by asking the tokenizer to join made-up tokens, so that no list of model names is needed.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from headscope.recording.tokens.readable import SPELLED_BYTES

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class Style(Enum):
    """How a vocabulary writes its tokens."""

    BYTES = "one printable character per byte, in GPT-2's alphabet"
    LATIN = "one character per byte, as in Latin-1"
    SPACES = '"▁" for a space, perhaps "<0xE2>" for a byte'
    CONTINUES = 'a mark ("##") before what continues a word'
    ENDS = 'a mark ("</w>") after what ends a word'
    GOES_ON = 'a mark ("@@") after what does not end a word'
    CHARACTERS = "the text itself"
    WORDS = "a word each"


@dataclass(frozen=True)
class Piece:
    """What one token adds to the text, before anything is decoded."""

    data: bytes
    """UTF-8, or a part of it."""
    label: str = ""
    """How to draw it, where that does not follow from the text."""
    special: bool = False
    """Whether it is structure and no text."""
    alone: bool = False
    """Whether it is a word of its own whatever its neighbours are."""
    glued: bool | None = None
    """Whether it continues the word before it; None where others tell: that word's last token, or the characters."""
    open: bool | None = None
    """Whether the word goes on after it; None where the characters on both sides tell."""


def read_pieces(ids: Sequence[int], tokenizer: Any) -> list[Piece]:
    """Return what each id adds to the text; ids that nothing is known about read as `"#1234"`."""
    if tokenizer is None:
        return [_unknown(id_) for id_ in ids]
    read = _reader(tokenizer)

    def read_id(id_: int) -> Piece:
        name = _name(tokenizer, id_)
        if name is None:
            return _unknown(id_)
        return Piece(name) if isinstance(name, bytes) else read(name)

    known = {id_: read_id(id_) for id_ in set(ids)}
    return [known[id_] for id_ in ids]


def read_names(names: Sequence[str], tokenizer: Any) -> list[Piece]:
    """Return what each token adds to the text, written as in the tokenizer's vocabulary."""
    return [*map(_reader(tokenizer), names)]


def _reader(tokenizer: Any) -> Callable[[str], Piece]:
    structural, content = _specials(tokenizer)
    added = {str(token) for token in _added_tokens(tokenizer)}
    style, mark = find_style(tokenizer)

    def read(name: str) -> Piece:
        if name in structural or name in content:
            return Piece(_utf8(name), special=name in structural, alone=True)
        return read_name(name, style, mark, literal=name in added)

    return read


def find_style(tokenizer: Any) -> tuple[Style, str]:
    """Tell the alphabet of a tokenizer's tokens, and its mark ("##") where it has one."""
    if getattr(tokenizer, "sp_model", None) is not None or getattr(tokenizer, "spm_source", None) is not None:
        return Style.SPACES, "▁"
    mark = _continuation_mark(tokenizer)
    probes = [
        (Style.BYTES, "", ["x", "ĠÃ", "©"], "x é"),
        (Style.LATIN, "", ["Ã", "©"], "é"),
        (Style.CONTINUES, mark, ["x", mark + "y"], "xy"),
        (Style.ENDS, "</w>", ["x", "y</w>", "x</w>"], "xy x"),
        (Style.GOES_ON, "@@", ["x@@", "y"], "xy"),
        (Style.SPACES, "▁", ["▁x", "▁y"], "x y"),
        (Style.SPACES, "▁", ["<0xC3>", "<0xA9>"], "é"),
        (Style.CHARACTERS, "", ["x", "y"], "xy"),
    ]
    for style, found, tokens, text in probes:
        if _joined(tokenizer, tokens) == text:
            return style, found
    return _style_of_parts(tokenizer)


def _joined(tokenizer: Any, tokens: list[str]) -> str | None:
    try:
        text = tokenizer.convert_tokens_to_string(tokens)
    except Exception:  # a tokenizer may raise anything at tokens that it does not have
        return None
    return text.strip() if isinstance(text, str) else None


def _style_of_parts(tokenizer: Any) -> tuple[Style, str]:
    """Tell the alphabet of a tokenizer that joins by spaces, having no decoder, from its other parts."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    before = getattr(backend, "pre_tokenizer", None)
    split = json.dumps(json.loads(before.__getstate__())) if before is not None else ""
    if '"ByteLevel"' in split:
        return Style.BYTES, ""
    if '"Metaspace"' in split:
        return Style.SPACES, "▁"
    if getattr(getattr(backend, "model", None), "continuing_subword_prefix", None):
        return Style.CONTINUES, _continuation_mark(tokenizer)
    return Style.WORDS, ""


def _continuation_mark(tokenizer: Any) -> str:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    marks = (
        getattr(getattr(backend, "decoder", None), "prefix", None),
        getattr(getattr(backend, "model", None), "continuing_subword_prefix", None),
    )
    return next((mark for mark in marks if isinstance(mark, str) and mark), "##")


def read_name(name: str, style: Style, mark: str, *, literal: bool = False) -> Piece:
    """Read one ordinary token; `literal` if it was added to the vocabulary as plain text."""
    if style is Style.CONTINUES:
        glued = name.startswith(mark) and name != mark
        return Piece(_utf8(name[len(mark) :] if glued else name), label=name if glued else "", glued=glued)
    if style is Style.GOES_ON:
        return Piece(_utf8(name.removesuffix(mark)), label=name, open=name.endswith(mark))
    if style is Style.ENDS:
        ends = name.endswith(mark)
        return Piece(_utf8(name.removesuffix(mark) + " " * ends), open=not ends)
    data = _data(name, style, mark, literal=literal)
    # a token that reads like the spelling of a byte must not be joined to others and then taken for one
    return Piece(data, alone=style is Style.WORDS or SPELLED_BYTES.search(data.decode("utf-8", "replace")) is not None)


def _data(name: str, style: Style, mark: str, *, literal: bool) -> bytes:
    if style is Style.SPACES:
        byte = _BYTE_TOKEN.fullmatch(name)
        return bytes.fromhex(byte[1]) if byte else _utf8(name.replace(mark, " "))
    alphabet = {Style.BYTES: _BYTE_ALPHABET, Style.LATIN: _LATIN}.get(style)
    return _utf8(name) if literal or alphabet is None else _spelled_in(alphabet, name)


def _unknown(id_: int) -> Piece:
    return Piece(f"#{id_}".encode(), alone=True)


def _name(tokenizer: Any, id_: int) -> str | bytes | None:
    """Return the vocabulary's name for an id, None if it has none."""
    try:
        name = tokenizer.convert_ids_to_tokens(id_)
    except Exception:  # out of its vocabulary: tokenizers raise what they like there
        return None
    if not isinstance(name, str | bytes):
        return None
    invented = name == getattr(tokenizer, "unk_token", None) and id_ != getattr(tokenizer, "unk_token_id", None)
    return None if invented else name


def _specials(tokenizer: Any) -> tuple[set[str], set[str]]:
    """Return the names of structural tokens, and of those that stand for a piece of text: unknown and mask."""
    names = set(map(str, getattr(tokenizer, "all_special_tokens", ())))
    names |= {str(token) for token in _added_tokens(tokenizer) if getattr(token, "special", False)}
    structural = {str(getattr(tokenizer, f"{role}_token", None)) for role in ("bos", "eos", "cls", "sep", "pad")}
    content = {str(getattr(tokenizer, f"{role}_token", None)) for role in ("unk", "mask")} - structural
    return names - content, names & content


def _added_tokens(tokenizer: Any) -> list[Any]:
    return list(getattr(tokenizer, "added_tokens_decoder", {}).values())


def are_spelled_bytes(names: Sequence[str]) -> bool:
    """Whether names beyond ASCII are UTF-8 in GPT-2's alphabet; plain text in it hardly ever is valid UTF-8."""
    text = "".join(names)
    if text.isascii() or not set(text) <= _BYTE_ALPHABET.keys():
        return False
    try:
        _spelled_in(_BYTE_ALPHABET, text).decode()
    except UnicodeDecodeError:
        return False
    return True


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _spelled_in(alphabet: dict[str, int], name: str) -> bytes:
    """Undo a spelling of bytes as characters; a name outside its alphabet is plain text."""
    data = [alphabet.get(char, -1) for char in name]
    return _utf8(name) if -1 in data else bytes(data)


def _byte_alphabet() -> dict[str, int]:
    """Return GPT-2's alphabet: visible Latin-1 bytes are themselves, the rest follow from U+0100 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in visible]
    return {chr(b): b for b in visible} | {chr(0x100 + n): b for n, b in enumerate(others)}


_BYTE_ALPHABET = _byte_alphabet()
_LATIN = {chr(byte): byte for byte in range(256)}
