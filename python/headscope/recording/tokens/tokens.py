"""The tokens of one axis of the attention: their text, how they read, and how they make words."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from headscope.recording.pictures.picture import Picture
from headscope.recording.tokens.pieces import Piece, read_pieces
from headscope.recording.tokens.readable import join_texts, readable, spell_bytes, word_label
from headscope.recording.tokens.words import group

__all__ = ["Tokens", "Word", "listed", "read_tokens", "tokens_of"]


@dataclass(frozen=True)
class Word:
    """A word and the token positions that it spans."""

    text: str
    """Its text, without the leading space."""
    label: str
    """The text as drawn: spaces, controls and lone bytes spelled out."""
    positions: range
    """0-based positions of its tokens."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of one axis, in order; every field without a default has one entry per token.

    Examples
    --------
    >>> tokens = Tokens((5, 6), (" un", "seen"), ("·un", "seen"), (False, False), None, (0, 0))
    >>> len(tokens), tokens.word_spans
    (2, [range(0, 2)])
    >>> tokens.as_words()
    [Word(text='unseen', label='unseen', positions=range(0, 2))]
    """

    ids: tuple[int, ...]
    """What the model was given."""
    texts: tuple[str, ...]
    """What the token stands for, leading space kept; bytes that are no text on their own as `<E2>`."""
    labels: tuple[str, ...]
    """What is drawn: spaces, controls and lone bytes spelled out; never empty."""
    special: tuple[bool, ...]
    """Whether the token is structure ([CLS], <s>, padding) and no part of the text."""
    segments: tuple[int, ...] | None
    """0 for sentence A, 1 for sentence B; None unless there are both."""
    words: tuple[int, ...]
    """Index of the token's word, from 0, never decreasing."""
    kind: str = "text"
    """"text"; "frames": stretches of sound, labelled with the second at which they begin; "patches" of a picture, named
    by row and column; or "numbers", of tokens of which nothing else is known."""
    generated: int | None = None
    """Position of the first token that the model wrote itself; it wrote all that follow. None if it wrote none."""

    picture: Picture | None = None
    """What the patches among them are patches of."""

    def __post_init__(self) -> None:
        """Refuse fields of different lengths: a shifted label would be a wrong picture."""
        of_all = ("kind", "generated", "picture")
        columns = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in of_all}
        columns["picture"] = None if self.picture is None else self.picture.cells
        lengths = {name: len(column) for name, column in columns.items() if column is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"invalid Tokens: fields of different lengths, {lengths}")

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.ids)

    @property
    def word_spans(self) -> list[range]:
        """The positions of each word, in order."""
        starts = [at for at, word in enumerate(self.words) if at == 0 or word != self.words[at - 1]]
        return [range(start, stop) for start, stop in pairwise([*starts, len(self)])]

    def as_words(self) -> list[Word]:
        """Return the words, each with its text and its positions."""
        return [Word(join_texts(self.texts[s.start : s.stop]), self.word_label(s), s) for s in self.word_spans]

    def word_label(self, positions: Sequence[int]) -> str:
        """Name the part of a word that stands at `positions`."""
        return word_label([self.texts[at] for at in positions], [self.labels[at] for at in positions])


def listed(names: list[str], kind: str, special: Sequence[bool] | None = None) -> Tokens:
    """The tokens of an axis that holds no text, by their names."""
    count = len(names)
    return Tokens(
        ids=tuple(range(count)),
        texts=tuple(names),
        labels=tuple(names),
        special=(False,) * count if special is None else tuple(special),
        segments=None,
        words=tuple(range(count)),
        kind=kind,
    )


def read_tokens(ids: Sequence[int], tokenizer: Any = None, segments: Sequence[int] | None = None) -> Tokens:
    """Read token ids as text with the tokenizer that made them.

    Parameters
    ----------
    ids : sequence of int
        Ids that the tokenizer does not know read as `"#1234"`.
    tokenizer : transformers tokenizer, optional
        Without one, every token reads as its id and is a word of its own.
    segments : sequence of int, optional
        0 or 1 per token, from whoever knows: it is never guessed here.
    """
    return tokens_of(ids, read_pieces(ids, tokenizer), segments)


def tokens_of(ids: Sequence[int], pieces: Sequence[Piece], segments: Sequence[int] | None = None) -> Tokens:
    """The tokens that `pieces` are, one for each of `ids`; `segments` as in `read_tokens`."""
    both = segments is not None and len(set(segments)) == 2
    kept = tuple(segments) if both and segments is not None else None
    return Tokens(
        ids=tuple(ids),
        texts=tuple(spell_bytes(_own_text(piece)) for piece in pieces),
        labels=tuple(readable(piece.label or _own_text(piece)) for piece in pieces),
        special=tuple(piece.special for piece in pieces),
        segments=kept,
        words=tuple(group(pieces, kept)),
    )


def _own_text(piece: Piece) -> str:
    return piece.data.decode("utf-8", "surrogateescape")
