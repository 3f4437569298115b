"""Token text made readable: what nobody could see is spelled out, the rest is left as it is.

The browser does the same for the labels of merged words; tests/fixtures/display.json holds both
to one result. That is why the ranges are written out: two Unicode databases need not agree.
"""

import re
import unicodedata
from collections.abc import Sequence

MARKS = {" ": "·", "\n": "⏎", "\t": "⇥"}
EMPTY = "⟨empty⟩"

# Controls, spaces other than " ", format and filler characters, lone surrogates, private use, noncharacters.
INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
JOINERS = "\u200c\u200d"  # shape the letters or emoji on both sides
SELECTORS = re.compile("[\ufe00-\ufe0f]")  # choose a form of the character before
LONE_BYTES = re.compile("[\udc80-\udcff]")  # as Python's surrogateescape leaves them
SPELLED_BYTES = re.compile("(?:<[89A-F][0-9A-F]>)+")


def readable(text: str) -> str:
    """Return `text` with every space, break, control and undecodable byte spelled out.

    Parameters
    ----------
    text : str
        Undecodable bytes may stand in it as surrogate escapes.

    Returns
    -------
    str
        Never empty. `" a"` gives `"·a"`, a zero-width space `"⟨U+200B⟩"`, a lone byte `"⟨E2⟩"`.
        Joiners and variation selectors stay where they act on their neighbours; a combining
        mark with nothing to sit on gets a dotted circle.
    """
    if text.isascii() and text.isprintable() and text and " " not in text:
        return text
    parts: list[str] = []
    drawn = False  # whether the character before stands as it is
    for index, char in enumerate(text):
        following = text[index + 1 : index + 2]
        part = char if drawn and _acts(char, following) else _spelled(char)
        if not drawn and part == char and unicodedata.category(char).startswith("M"):
            part = "◌" + char
        drawn = part.endswith(char)
        parts.append(part)
    return "".join(parts) or EMPTY


def spell_bytes(text: str) -> str:
    """Return `text` with its surrogate escapes written as `"<E2><80>"`."""
    return LONE_BYTES.sub(lambda match: f"<{_byte(match[0]):02X}>", text)


def join_texts(texts: Sequence[str]) -> str:
    """Join the texts of a word's sub-words; bytes that together are characters become them.

    The leading space is dropped, unless the word is nothing else.
    """
    joined = "".join(texts)
    if len(joined) > 1:
        joined = joined.removeprefix(" ")
    return SPELLED_BYTES.sub(_decoded, joined)


def word_label(texts: Sequence[str], labels: Sequence[str]) -> str:
    """Name a merged word by those of its sub-words that are shown (at least one)."""
    if len(labels) > 1:
        return readable(join_texts(texts))
    return labels[0].removeprefix("·") or labels[0]


def _acts(char: str, following: str) -> bool:
    if char in JOINERS:
        return following != "" and following not in MARKS and not INVISIBLE.match(following)
    return SELECTORS.match(char) is not None


def _spelled(char: str) -> str:
    if char in MARKS:
        return MARKS[char]
    if LONE_BYTES.match(char):
        return f"⟨{_byte(char):02X}⟩"
    return f"⟨U+{ord(char):04X}⟩" if INVISIBLE.match(char) else char


def _byte(escape: str) -> int:
    return ord(escape) - 0xDC00


def _decoded(match: re.Match[str]) -> str:
    data = bytes.fromhex(re.sub("[<>]", "", match[0]))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(f"⟨{byte:02X}⟩" for byte in data)
