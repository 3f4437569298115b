"""Pages in Markdown, and what the tests of the docs ask of them: blocks, links, headings, what is named in code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})(?P<kind>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"\]\(([^()\s]*)\)")
_HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line on which that begins, from 1."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """A page of the repository."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def blocks(self) -> list[Block]:
        found = _FENCE.finditer(self.text)
        return [Block(one["kind"].strip(), one["body"], 2 + self.text.count("\n", 0, one.start())) for one in found]

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """Of its headings, as GitHub and MyST make them."""
        titles = [re.sub(r"[`*]", "", title).strip().lower() for title in _HEADING.findall(self.prose)]
        return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}

    @property
    def code(self) -> list[str]:
        """What stands in single backticks."""
        return _CODE.findall(self.prose)


def pages(*patterns: str) -> list[Page]:
    """The pages of these names, in order."""
    return [Page(path) for pattern in patterns for path in sorted(ROOT.glob(pattern))]
