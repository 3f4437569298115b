"""What the Python tests share: the embedded models, and no model hub."""

from __future__ import annotations

import math
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before transformers is imported

from typing import TYPE_CHECKING

import pytest

from headscope import demo

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@pytest.fixture(scope="session")
def smollm2() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """SmolLM2-135M and its tokenizer, shared by all tests: leave them as they were."""
    return demo.smollm2()


@pytest.fixture(scope="session")
def minilm() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """MiniLM and its tokenizer, shared by all tests: leave them as they were."""
    return demo.minilm()


@pytest.fixture(scope="session")
def moonshine() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Moonshine tiny and its tokenizer, shared by all tests: leave them as they were."""
    return demo.moonshine()


@pytest.fixture(scope="session")
def rxnmapper() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """RXNMapper and its tokenizer, shared by all tests: leave them as they were."""
    return demo.rxnmapper()


@pytest.fixture(autouse=True)
def no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine any answer to a page may take long enough to tell how far it is."""
    monkeypatch.setattr("headscope.widgets.operations.PROGRESS_S", math.inf)
