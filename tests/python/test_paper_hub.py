"""`make paper`: the use cases on the models of the hub, which are not to be had here; stand-ins have their names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

SCRIPT = Path(__file__).parents[2] / "scripts" / "paper.py"


def make_paper(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it in `folder`, where transformers looks before it asks the hub, with an empty cache and no hub."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_without_the_hub_it_says_so_in_one_sentence_and_fails(tmp_path: Path) -> None:
    result = make_paper(tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("make paper needs gpt2 and bert-base-uncased from the Hugging Face hub, and gpt2 cannot be")
    assert line.endswith("nothing was run.")


def test_with_the_models_at_hand_all_three_run_to_their_claims(tmp_path: Path, smollm2: Any, minilm: Any) -> None:
    torch.manual_seed(0)
    gpt2 = GPT2Config(vocab_size=len(smollm2[1]), n_positions=128, n_embd=48, n_layer=3, n_head=4)
    bert = BertConfig(
        vocab_size=len(minilm[1]), hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64
    )
    for name, model, tokenizer in (
        ("gpt2", GPT2LMHeadModel(gpt2), smollm2[1]),
        ("bert-base-uncased", BertModel(bert), minilm[1]),
    ):
        model.save_pretrained(tmp_path / name)
        tokenizer.save_pretrained(tmp_path / name)
    result = make_paper(tmp_path)
    assert result.returncode == 0, result.stderr
    models = {"model_bias": "GPT2LMHead", "relevant_heads": "BertModel", "neurons_and_behaviour": "GPT2LMHead"}
    for case, model in models.items():
        assert f"\n{case}\n" in result.stdout
        assert f"({model}" in (tmp_path / "build/paper" / f"{case}.ipynb").read_text()
    assert result.stdout.count('\n{"') == 3  # the claims
