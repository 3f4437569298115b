"""Tiny tokenizers of every kind, trained here in milliseconds, and slow ones that need no files.

Training breaks ties at random, so vocabularies are large enough to hold every word of the corpus whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import ByT5Tokenizer, CanineTokenizer, PreTrainedTokenizerFast
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy
from transformers.models.phobert.tokenization_phobert import PhobertTokenizer

CORPUS = ["the doctor asked the nurse a question", "unseen unseen playing player plays", "naïve café, don't 42"] * 4
BERT_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def byte_level() -> Any:
    """GPT-2's kind: bytes as printable characters; an added token and a special one."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1000, initial_alphabet=alphabet, special_tokens=["<|begin|>"])
    inner.train_from_iterator(CORPUS, trainer)
    inner.add_special_tokens([AddedToken("<|user|>", special=True)])
    inner.add_tokens(["Éa", "<E1>"])  # "É" is a letter of the byte alphabet too: 0xC9
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<|begin|>")


def wordpiece() -> Any:
    """BERT's kind, with a template for pairs."""
    inner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.decoder = decoders.WordPiece()
    inner.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=1000, special_tokens=BERT_SPECIALS))
    return _with_template(inner, "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1")


def unigram() -> Any:
    """T5's kind: SentencePiece, "▁" for a space."""
    inner = Tokenizer(models.Unigram())
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=70, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>")
    inner.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def byte_fallback() -> Any:
    """Llama 2's kind: "▁" for a space, and what the vocabulary lacks as bytes "<0xE2>"."""
    pieces = [
        "<unk>",
        "<s>",
        "</s>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        "▁",
        *"abcdefghijklmnopqrstuvwxyz,.'",
    ]
    words = [("▁", "t"), ("▁t", "h"), ("▁th", "e"), ("▁", "d"), ("o", "c"), ("▁d", "oc")]
    vocabulary = {piece: at for at, piece in enumerate([*pieces, *(a + b for a, b in words)])}
    inner = Tokenizer(models.BPE(vocabulary, words, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    inner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    inner.decoder = decoders.Sequence(steps)
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def word_ends() -> Any:
    """CLIP's kind: "</w>" after what ends a word."""
    inner = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.decoder = decoders.BPEDecoder(suffix="</w>")
    trainer = trainers.BpeTrainer(vocab_size=1000, special_tokens=["<unk>"], end_of_word_suffix="</w>")
    inner.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>")


def whole_words() -> Any:
    """A dictionary of words, without a decoder."""
    inner = Tokenizer(models.WordLevel({"[UNK]": 0, "the": 1, "doctor": 2, "asked": 3}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]")


def slow_wordpiece(folder: Path) -> Any:
    """BERT's tokenizer in Python."""
    (folder / "vocab.txt").write_text(
        "\n".join([*BERT_SPECIALS, "play", "##ing", "the", ",", "##er"]), encoding="utf-8"
    )
    return BertTokenizerLegacy(str(folder / "vocab.txt"))


def slow_goes_on(folder: Path) -> Any:
    """PhoBERT's tokenizer: "@@" after what does not end a word."""
    (folder / "vocab.txt").write_text("\n".join(f"{piece} 1" for piece in ("pl@@", "ay", "the")), encoding="utf-8")
    (folder / "bpe.codes").write_text("p l 1\na y</w> 1\nt h 1\nth e</w> 1\n", encoding="utf-8")
    return PhobertTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes"))


def slow_bytes() -> Any:
    """ByT5's tokenizer: one token per byte."""
    return ByT5Tokenizer()


def slow_characters() -> Any:
    """CANINE's tokenizer: one token per character."""
    return CanineTokenizer()


def _with_template(inner: Tokenizer, single: str, pair: str) -> Any:
    names = ("[CLS]", "[SEP]")
    specials = [(name, inner.token_to_id(name)) for name in names]
    inner.post_processor = processors.TemplateProcessing(single=single, pair=pair, special_tokens=specials)
    roles = {f"{name[1:-1].lower()}_token": name for name in BERT_SPECIALS}
    columns = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=inner, model_input_names=columns, **roles)
