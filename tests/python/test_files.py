"""Saved captures: a file answers as the capture did that was saved, and one that was tampered with gives no number."""

from __future__ import annotations

import contextlib
import copy
import gc
import itertools
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest
import safetensors
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from saved_files import (
    KINDS,
    answers,
    assemble,
    differing,
    of_a_dense_mask,
    of_mechanism,
    of_two_parts,
    of_vectors,
    parts_of,
)
from tiny import MECHANISMS, build, eager_attentions, ids
from transformers.models.llama import modeling_llama

import headscope as hs
from headscope.answers.certified import CertifiedLayers
from headscope.errors import CaptureClosed, OutOfRange, OverBudget, UnreadableFile

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.headscope"


@pytest.fixture
def saved(path: Path) -> Path:
    return of_vectors().save(path)


# Round trips


@pytest.mark.parametrize("kind", [*MECHANISMS, *KINDS])
def test_a_file_answers_every_question_bit_for_bit_as_the_capture(kind: str, path: Path) -> None:
    capture = KINDS[kind]() if kind in KINDS else of_mechanism(kind)
    assert capture.save(path) == path
    expected = answers(capture)
    assert any(isinstance(answer, torch.Tensor) for answer in expected.values())
    loaded = hs.load(path)
    assert differing(expected, answers(loaded)) == []
    assert loaded.layers == capture.layers
    assert loaded.parts == capture.parts
    for part, side in itertools.product(capture.parts, ("query", "key")):
        assert loaded.tokens(part, side) == capture.tokens(part, side)
        assert loaded.levels(part, side) == capture.levels(part, side)
    assert (loaded.model_name, loaded.segments) == (capture.model_name, capture.segments)
    assert loaded.id != capture.id


def test_the_weights_of_a_file_are_the_models_own(path: Path) -> None:
    model = build("sliding window")
    hs.capture(model, ids(40)).save(path)
    expected = eager_attentions(model, input_ids=ids(40))
    del model
    gc.collect()
    loaded = hs.load(path)
    for layer in range(3):
        torch.testing.assert_close(loaded.attention(layer), expected[layer][0], atol=1e-5, rtol=0)


def test_layers_that_only_the_model_computes_are_saved_with_their_weights(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = sharpened(monkeypatch)
    assert capture.layers[0].reason == "computed by the model's eager function"
    capture.save(path)
    expected = answers(capture)
    loaded = hs.load(path)
    unlike = differing(expected, answers(loaded))
    # The model computes one row of such a layer with other roundings than all rows at once.
    assert {name for name, *_ in unlike} <= {"a row", "rows", "a column", "links", "a tile", "means", "thumbnails"}
    for at in unlike:
        torch.testing.assert_close(answers(loaded)[at], expected[at], atol=1e-6, rtol=0)
    assert loaded.layers == capture.layers


def test_layers_that_only_the_model_computes_are_refused_where_they_are_too_large(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = sharpened(monkeypatch)
    capture.attention(0)
    monkeypatch.setattr("headscope.files.save.WEIGHTS_LIMIT", 4 * 4 * 20 * 20 * 2)
    with pytest.raises(OverBudget, match=r"layers 0 \(self\), 1 \(self\), 2 \(self\).*layers="):
        capture.save(path)
    assert list(path.parent.iterdir()) == []
    capture.save(path, layers=[0, 2])
    assert hs.load(path).layer_numbers() == (0, 2)


def sharpened(monkeypatch: pytest.MonkeyPatch) -> hs.Capture:
    """Of a model whose eager function is no softmax of scaled dot products."""

    def sharper(module: Any, query: Any, key: Any, value: Any, mask: Any, *, scaling: float, **_: Any) -> Any:
        key, value = (modeling_llama.repeat_kv(one, module.num_key_value_groups) for one in (key, value))
        weights = ((query @ key.transpose(2, 3) * scaling + mask) * 1.5).softmax(-1)
        return (weights @ value).transpose(1, 2).contiguous(), weights

    monkeypatch.setattr(modeling_llama, "eager_attention_forward", sharper)
    model = build()
    model.set_attn_implementation("eager")
    return hs.capture(model, ids(20))


def test_a_refused_layer_stays_refused(path: Path) -> None:
    weights = torch.full((2, 3, 3), 1 / 3)
    capture = hs.from_attentions([weights, None, weights], ["a", "b", "c"])
    assert capture.layers[1].refused
    capture.save(path)
    loaded = hs.load(path)
    assert loaded.layers == capture.layers
    with pytest.raises(hs.RefusedLayer) as told:
        loaded.attention(1)
    assert str(told.value) == capture.layers[1].reason
    assert torch.equal(loaded.attention(2), weights)


def test_what_layers_share_is_saved_once_and_held_once(path: Path) -> None:
    capture = of_mechanism("position bias")
    capture.save(path)
    biases = [name for name in load_file(path) if name.endswith("bias")]
    assert len(biases) == 1
    loaded = hs.load(path)
    layers = [loaded.record(layer) for layer in loaded.layer_numbers()]
    assert len({layer.bias.data_ptr() for layer in layers}) == 1  # type: ignore[union-attr]


def test_a_layer_is_read_when_it_is_asked_about(path: Path) -> None:
    of_mechanism("bidirectional").save(path)
    loaded = hs.load(path)
    assert loaded.nbytes == 0
    loaded.attention(1)
    one = loaded.nbytes
    assert 0 < one < path.stat().st_size / 2
    loaded.attention(0)
    assert loaded.nbytes > one


def test_what_is_read_counts_for_the_budget_of_captures(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_mechanism("bidirectional").save(path)
    gc.collect()
    loaded = hs.load(path)
    held = sum(capture.nbytes for capture in hs.answers.budget.living())
    monkeypatch.setattr(hs.budget, "captures", held + 1000)
    with pytest.raises(OverBudget):
        loaded.attention(1)


def test_a_closed_file_says_so(path: Path) -> None:
    of_mechanism("bidirectional").save(path)
    loaded = hs.load(path)
    loaded.attention(0)
    loaded.close()
    for layer in (0, 1):
        with pytest.raises(CaptureClosed):
            loaded.attention(layer)


def test_a_loaded_capture_is_shown_and_saved_again(path: Path, tmp_path: Path) -> None:
    capture = of_mechanism("causal, grouped heads, rotary")
    capture.save(path)
    view = hs.Explorer(hs.load(path))
    view.select(layer=2, heads=[1], head=1, query=7)
    assert torch.equal(view.selected.attention, capture.attention(2, 1, 7))
    again = hs.load(path).save(tmp_path / "again.headscope")
    assert differing(answers(capture), answers(hs.load(again))) == []
    view.close()


def test_two_files_are_read_at_once(path: Path, tmp_path: Path) -> None:
    """Each first reading asks what all captures hold, the other file's among them."""
    of_mechanism("bidirectional").save(path)
    for _ in range(40):
        both = [hs.load(path), hs.load(path)]
        threads = [threading.Thread(target=lambda one=one: [one.attention(at) for at in range(3)]) for one in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()


def test_captures_are_counted_while_others_come_and_go(path: Path) -> None:
    """Whoever opens or reads one asks what all hold, while other threads open some, keep pictures and drop them."""
    of_mechanism("bidirectional").save(path)

    def count() -> None:
        assert sum(capture.nbytes for capture in hs.answers.budget.living()) >= 0

    def open_some() -> None:
        for one in [hs.load(path) for _ in range(20)]:
            one.attention(0)
            one.close()

    with meanwhile(count, open_some):
        for _ in range(3):
            loaded = hs.load(path)
            for size, layer in itertools.product(range(2, 22), range(3)):
                loaded.thumbnails(layer, size=size)
            loaded.close()


class Interrupted(WeakSet[Any]):
    """The open files, of which one more is opened by another thread while they are gone through."""

    path: Path
    openers: list[threading.Thread]

    def __iter__(self) -> Iterator[Any]:
        for one in super().__iter__():
            yield one
            if not self.openers:
                self.openers.append(threading.Thread(target=hs.load, args=[self.path]))
                self.openers[0].start()
                self.openers[0].join(1)  # as long as it has to wait for this


def test_room_is_made_while_another_file_is_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_mechanism("bidirectional").save(path)
    files = Interrupted()
    files.path, files.openers = path, []
    monkeypatch.setattr("headscope.files.layers._open", files)
    loaded = hs.load(path)
    loaded.attention(0)
    gc.collect()
    held = sum(capture.nbytes for capture in hs.answers.budget.living())
    monkeypatch.setattr(hs.budget, "captures", held + loaded.nbytes // 2)  # one layer at a time
    loaded.attention(1)
    files.openers[0].join(60)
    assert not files.openers[0].is_alive()


@contextlib.contextmanager
def meanwhile(*acts: Callable[[], None]) -> Iterator[None]:
    """Have other threads do each act again and again, all of them taking turns within a statement."""
    failed: list[BaseException] = []
    is_done = threading.Event()

    def again(act: Callable[[], None]) -> None:
        try:
            while not is_done.is_set():
                act()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=again, args=[act]) for act in acts]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_done.set()
        for thread in threads:
            thread.join(60)
        sys.setswitchinterval(usual)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    assert failed == []


def test_a_file_that_is_closed_while_it_is_read_says_so(path: Path) -> None:
    of_two_parts().save(path)
    for _ in range(40):
        loaded = hs.load(path)
        closing = threading.Thread(target=loaded.close)
        closing.start()
        for part in loaded.parts:
            with contextlib.suppress(CaptureClosed):
                loaded.attention(0, part=part)
        closing.join(60)
        assert not closing.is_alive()


def test_vectors_that_layers_share_are_saved_once(path: Path) -> None:
    """As in models whose last layers look at the keys and values of an earlier one."""
    generator = torch.Generator().manual_seed(0)
    query, key = (torch.randn(4, 9, 5, generator=generator) for _ in range(2))
    capture = hs.from_vectors([query, query], [key, key], [key, key], tokens=list("abcdefghi"), causal=True)
    first, second = (capture.record(layer) for layer in (0, 1))
    second.key = second.value = first.value = first.key  # type: ignore[union-attr]
    capture.save(path)
    assert len([name for name in load_file(path) if name.endswith(("key", "value"))]) == 1
    assert differing(answers(capture), answers(hs.load(path))) == []


def test_what_does_not_fit_any_more_is_let_go_whatever_file_it_is_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read least lately goes first, and all of it: weights, masks and biases too."""
    gc.collect()
    for make in (of_two_parts, of_a_dense_mask, KINDS["weights alone"]):
        make().save(path)
        one, other = hs.load(path), hs.load(path)
        reads = [(one, part, layer) for part in one.parts for layer in one.layer_numbers(part)]
        reads += [(other, part, layer) for _, part, layer in reads]
        expected = {(part, layer): hs.load(path).attention(layer, part=part) for _, part, layer in reads}
        gc.collect()
        before = tensors_alive()
        held = sum(capture.nbytes for capture in hs.answers.budget.living())
        monkeypatch.setattr(hs.budget, "captures", held + int(2.2 * path.stat().st_size / len(reads)))
        for capture, part, layer in reads * 2:
            assert torch.equal(capture.attention(layer, part=part), expected[part, layer])
        gc.collect()
        assert tensors_alive() - before <= hs.budget.captures - held
        monkeypatch.undo()
        one.close()
        other.close()


def tensors_alive() -> int:
    """Bytes of all tensors of this process."""
    alive = [one for one in gc.get_objects() if type(one) is torch.Tensor]
    storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in alive}
    return sum(storages.values())


# The pictures of a grid


def of_forty_tokens(name: str) -> hs.Capture:
    """More tokens than such a picture has cells."""
    return hs.capture(build(name), ids(40))


def pictures(capture: hs.Capture) -> list[torch.Tensor]:
    """All that a grid begins with."""
    made = [capture.overview(25, reduce) for reduce in ("max", "mean")]
    for layer, reduce in itertools.product(capture.layer_numbers(), ("max", "mean")):
        thumbnails = capture.thumbnails(layer, 25, reduce)
        assert thumbnails.rail is not None
        made += [thumbnails.body, thumbnails.rail]
    return made


@pytest.mark.parametrize("options", [{}, {"dtype": "bfloat16"}, {"values": False}], ids=str)
@pytest.mark.parametrize("name", ["causal, grouped heads, rotary", "bidirectional"])
def test_the_pictures_of_a_grid_stand_in_the_file(name: str, options: dict[str, Any], path: Path) -> None:
    """They are those that would be computed from it, bit for bit, and no layer is read for them."""
    of_forty_tokens(name).save(path, **options)
    header, description, tensors = parts_of(path)
    for layer in description["parts"][0]["layers"]:
        del layer["tensors"]["overview"]  # so that they are computed
    computed = pictures(hs.load(assemble(path.with_name("without"), header, description, tensors)))
    loaded = hs.load(path)
    assert all(map(torch.equal, pictures(loaded), computed))
    held = loaded.nbytes
    loaded.attention(0)
    assert loaded.nbytes > held  # the layer is only read now
    assert held == sum(2 * 4 * 4 * 25 * (25 + 25 + 1) for _ in range(3))


def test_a_view_of_a_file_begins_with_the_grid_and_reads_one_layer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many weights its layers have."""
    of_forty_tokens("bidirectional").save(path)
    monkeypatch.setattr("headscope.widgets.first_paint.WEIGHTS", 0)
    loaded = hs.load(path)
    view = hs.Explorer(loaded)
    assert [one["layer"] for one in view.first_thumbnails["layers"]] == [view.layer, *({0, 1, 2} - {view.layer})]
    (held,) = [part.layers.used.keys() for part in loaded._parts.values()]
    records = [part.layers._records.keys() for part in loaded._parts.values()]
    assert held == {0, 1, 2}
    assert records == [{view.layer}]
    view.close()


def test_layers_that_only_the_model_computes_are_pictured_by_the_weights_that_are_saved(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharpened(monkeypatch).save(path)
    loaded = hs.load(path)
    assert torch.equal(loaded.overview(25)[1], loaded.attention(1))


def test_pictures_of_other_tokens_are_made_from_the_layer(path: Path) -> None:
    capture = of_forty_tokens("bidirectional")
    of_forty_tokens("bidirectional").save(path)
    header, description, tensors = parts_of(path)
    layers = description["parts"][0]["layers"]
    layers[0]["tensors"]["overview"]["name"] = "self 0.query"
    layers[1]["tensors"]["overview"]["cells"] = 24  # of which there are none: they are computed
    layers[2]["tensors"]["overview"]["cells"] = 26
    loaded = hs.load(assemble(path, header, description, tensors))
    for layer, size in [(0, 25), (1, 24), (2, 26), (1, 25)]:
        assert torch.equal(loaded.thumbnails(layer, size).body, capture.thumbnails(layer, size).body)


@pytest.mark.parametrize("what", ["overview", "query"])
def test_a_view_is_opened_where_pictures_or_a_layer_are_damaged(what: str, path: Path) -> None:
    of_forty_tokens("bidirectional").save(path)
    data = bytearray(path.read_bytes())
    header, _, tensors = parts_of(path)
    begins = len(data) - len(tensors)
    for name in ["overview"] if what == "overview" else ["overview", "query"]:
        data[begins + header[f"self 1.{name}"]["data_offsets"][0]] ^= 1
    path.write_bytes(data)
    loaded = hs.load(path)
    pictured = [picture["layer"] for picture in hs.Explorer(loaded).first_thumbnails["layers"]]
    assert sorted(pictured) == ([0, 1, 2] if what == "overview" else [0, 2])
    if what == "query":
        with pytest.raises(UnreadableFile, match=r"checksum of 'self 1\.query'"):
            loaded.thumbnails(1, 25)


# Smaller files


def test_chosen_layers_keep_their_numbers(path: Path) -> None:
    capture = of_mechanism("bidirectional")
    capture.save(path, layers=[2, 0])
    loaded = hs.load(path)
    assert loaded.layer_numbers() == (0, 2)
    assert torch.equal(loaded.attention(2), capture.attention(2))
    with pytest.raises(OutOfRange, match=r"\[7\]"):
        capture.save(path, layers=[0, 7])
    with pytest.raises(OutOfRange):
        capture.save(path, layers=[])


def test_without_values_their_norms_stay(path: Path, tmp_path: Path) -> None:
    capture = of_mechanism("bidirectional")
    small = capture.save(path, values=False)
    whole = capture.save(tmp_path / "whole.headscope")
    assert small.stat().st_size < 0.9 * whole.stat().st_size
    loaded = hs.load(small)
    assert torch.equal(loaded.value_norms(1), capture.value_norms(1))
    assert loaded.vectors(1).value.shape == (4, 23, 0)
    assert torch.equal(loaded.attention(1, measure="value_norm"), capture.attention(1, measure="value_norm"))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_rounded_vectors_say_how_far_they_move_weights(dtype: str, path: Path) -> None:
    capture = of_mechanism("causal, grouped heads, rotary")
    capture.save(path, dtype=dtype)
    loaded = hs.load(path)
    for layer in loaded.layer_numbers():
        moved = (loaded.attention(layer) - capture.attention(layer)).abs().max().item()
        report, before = loaded.layers[layer], capture.layers[layer]
        assert moved > 1e-6
        assert moved <= report.error <= before.error + moved + 1e-6
        assert f"vectors in {dtype}" in report.reason
        torch.testing.assert_close(loaded.attention(layer).sum(-1), torch.ones(4, 23))
        # Many rows of few keys come from the log-sum-exp, which is that of the rounded vectors.
        torch.testing.assert_close(loaded.attention(layer, keys=3), loaded.attention(layer)[..., 3:4])
    with pytest.raises(OutOfRange, match="bfloat16"):
        capture.save(path, dtype="int8")


def test_rounded_vectors_are_pictured_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are then, not as they were."""
    capture = of_forty_tokens("bidirectional")
    monkeypatch.setattr("headscope.files.save.overview_of", lambda *_: pytest.fail("pictures of what is not saved"))
    monkeypatch.setattr(CertifiedLayers, "lse", lambda *_: pytest.fail("sums of what is not saved"))
    capture.save(path, dtype="bfloat16")


def test_numbers_that_are_too_large_for_half_precision_are_refused(path: Path) -> None:
    query, key = torch.randn(1, 2, 4, 5), torch.randn(1, 2, 4, 5)
    capture = hs.from_vectors(query * 1e5, key, key, tokens=list("abcd"), causal=True)
    with pytest.raises(OutOfRange, match=r"query vectors.*bfloat16"):
        capture.save(path, dtype="float16")
    assert not path.exists()
    capture.save(path, dtype="bfloat16")


def test_rounding_says_nothing_of_what_is_no_number(path: Path) -> None:
    model = build("bidirectional")
    with torch.no_grad():
        model.encoder.layer[1].attention.self.query.weight[0, 0] = float("nan")
    capture = hs.capture(model, ids(12))
    capture.save(path, dtype="bfloat16")
    loaded = hs.load(path)
    assert torch.equal(loaded.attention(1).isnan(), capture.attention(1).isnan())
    assert all("nan" not in report.reason for report in loaded.layers)


# Writing


def test_a_file_is_as_it_was_until_the_new_one_is_whole(path: Path) -> None:
    capture = of_mechanism("bidirectional")
    path.write_bytes(b"before")

    def stop(done: int, total: int) -> None:
        assert total == 3
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture.save(path, progress=stop)
    assert path.read_bytes() == b"before"
    assert list(path.parent.iterdir()) == [path]
    capture.save(path)
    assert list(path.parent.iterdir()) == [path]
    assert hs.load(path).layer_numbers() == (0, 1, 2)


def test_a_disk_that_is_full_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        of_vectors().save(path)
    assert list(path.parent.iterdir()) == []


def test_a_file_has_the_permissions_of_any_other_and_keeps_those_that_it_had(path: Path) -> None:
    plain = path.with_name("plain")
    plain.touch()
    of_vectors().save(path)
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    of_vectors().save(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_tokens_that_are_out_of_proportion_to_the_numbers_are_refused_when_they_are_saved(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which who opens the file would have to take for an attempt to fill the memory."""
    monkeypatch.setattr("headscope.files.container.ROOM", 0)
    with pytest.raises(OverBudget, match="out of proportion"):
        of_vectors().save(path)
    assert not path.exists()


def test_a_folder_that_is_not_there_is_told_as_ever(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        of_vectors().save(path / "missing" / "a.headscope")


def test_a_link_is_written_through(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "folder" / "real.headscope"
    real.parent.mkdir()
    real.touch()
    path.symlink_to(real)
    of_vectors().save(path)
    assert path.is_symlink()
    assert hs.load(real).layer_numbers() == (0, 1)


def test_a_file_is_safetensors_for_others(saved: Path) -> None:
    with safetensors.safe_open(saved, "pt") as file:
        assert json.loads(file.metadata()["headscope"])["version"] == 1
        assert file.get_tensor("self 0.query").shape == (4, 9, 5)


# Reading what should not be trusted


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("*.headscope")), ids=lambda file: file.name)
def test_files_of_every_version_are_read(file: Path) -> None:
    """The committed files hold what `of_vectors` made when they were committed, from the same seed."""
    capture, loaded = of_vectors(), hs.load(file)
    assert loaded.tokens() == capture.tokens()
    for layer in (0, 1):
        assert torch.equal(loaded.vectors(layer).query, capture.vectors(layer).query)
        query, key = (vectors.float() for vectors in (loaded.vectors(layer).query, loaded.vectors(layer).key))
        bias = loaded.neurons(layer, 3, 8).terms["bias"]
        scores = 3 * torch.tanh(query[3, 8] @ key[1].T * 5**-0.5 / 3) + bias
        torch.testing.assert_close(loaded.attention(layer, 3, 8)[0, 0], scores.softmax(0))


def test_a_newer_file_says_what_to_do(saved: Path) -> None:
    header, description, tensors = parts_of(saved)
    description.update(version=2, made_with={"headscope": "9.1"})
    with pytest.raises(UnreadableFile, match=r"headscope 9.1.*version 2.*Upgrade"):
        hs.load(assemble(saved, header, description, tensors))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"PK\x03\x04 a zip",
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 9) + b'{"a": 1e9',
    ],
)
def test_what_is_no_saved_capture_is_refused(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"some\.headscope"):
        hs.load(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        hs.load(path)


def test_a_model_of_somebody_else_is_no_capture(path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, path, {"format": "pt"})
    with pytest.raises(UnreadableFile, match="no saved capture"):
        hs.load(path)


@pytest.fixture(scope="module")
def one_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return of_vectors().save(tmp_path_factory.mktemp("files") / "one.headscope")


@pytest.fixture(scope="module")
def said(one_file: Path) -> dict[Any, Any]:
    return answers(hs.load(one_file))


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_file_that_was_damaged_anywhere_gives_no_wrong_number(data: st.DataObject, one_file: Path, said: Any) -> None:
    """Bytes changed, cut out, put in, or cut off: a clean error, or what the file said before."""
    bytes_ = bytearray(one_file.read_bytes())
    at = data.draw(st.integers(0, len(bytes_) - 1), "at")
    how = data.draw(st.sampled_from(["change", "cut off", "cut out", "put in"]), "how")
    if how == "change":
        bytes_[at] ^= data.draw(st.integers(1, 255), "by")
    elif how == "cut off":
        del bytes_[at:]
    elif how == "cut out":
        del bytes_[at : at + data.draw(st.integers(1, 9), "count")]
    else:
        bytes_[at:at] = data.draw(st.binary(min_size=1, max_size=9), "these")
    bad = one_file.with_name("bad.headscope")
    bad.write_bytes(bytes_)
    try:
        loaded = hs.load(bad)
    except UnreadableFile:
        return
    for question, answer in answers(loaded).items():
        if not (isinstance(answer, str) and answer.startswith("UnreadableFile")):
            assert not differing({question: said[question]}, {question: answer})


Path_ = tuple[Any, ...]


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every place in a description."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for at, one in inner:
        yield from places(one, (*path, at))


def put(description: Any, path: Path_, value: Any) -> Any:
    if not path:
        return value
    inner = description
    for at in path[:-1]:
        inner = inner[at]
    inner[path[-1]] = value
    return description


LIES: list[Any] = [None, True, -1, 0, 1, 3, 1 << 70, 1e300, float("nan"), "", "self 0.query", [], [[]], {}, {"name": 1}]


def test_a_description_that_lies_is_refused_or_read_without_a_crash(one_file: Path) -> None:
    """Any value of the description replaced by any lie, with the checksum right: a clean error, or answers."""
    header, description, tensors = parts_of(one_file)
    bad = one_file.with_name("lie.headscope")
    refused = 0
    for number, at in enumerate(places(description)):
        for lie in LIES[number % 3 :: 3]:
            lying = put(copy.deepcopy(description), at, lie)
            assemble(bad, copy.deepcopy(header), lying, tensors)
            try:
                with contextlib.closing(hs.load(bad)) as loaded:
                    loaded.attention(0, 1, 5)
            except hs.HeadscopeError:
                refused += 1
    assert refused > 200


@pytest.mark.parametrize("name", ["self 0.query", "axis 0.ids"])
@pytest.mark.parametrize(
    "lie",
    [
        {"data_offsets": [0, 16]},
        {"data_offsets": [-16, 0]},
        {"data_offsets": [1 << 62, (1 << 62) + 720]},
        {"data_offsets": None},
        {"shape": [1 << 40, 1 << 40, 1 << 40]},
        {"shape": [0, 1 << 47]},
        {"shape": [180, -1]},
        {"shape": "all"},
        {"dtype": "F8"},
        {"dtype": "F64"},
    ],
)
def test_a_header_that_lies_is_refused(name: str, lie: dict[str, Any], saved: Path) -> None:
    """The description lies along where it is asked."""
    header, description, tensors = parts_of(saved)
    header[name].update(lie)
    description["tensors"][name].update({what: value for what, value in lie.items() if what != "data_offsets"})
    with pytest.raises(UnreadableFile):
        hs.load(assemble(saved, header, description, tensors))


def test_heads_without_a_number_are_refused(saved: Path) -> None:
    """Vectors of no component take no byte, however many heads they are said to be of."""
    header, description, tensors = parts_of(saved)
    layer = description["parts"][0]["layers"][0]
    for name in ("self 0.query", "self 0.key"):
        header[name].update(shape=[1 << 40, 9, 0], data_offsets=[0, 0])
        description["tensors"][name].update(shape=[1 << 40, 9, 0])
    layer.update(heads=1 << 40, kv_heads=1 << 40)
    with pytest.raises(UnreadableFile):
        hs.load(assemble(saved, header, description, tensors))
    header, description, tensors = parts_of(of_vectors().save(saved))
    description["parts"][0]["layers"][0].update(heads=400, kv_heads=200)
    with pytest.raises(UnreadableFile, match="described wrongly"):
        hs.load(assemble(saved, header, description, tensors))


WITHOUT_END = {
    "deep": "[" * 200_000,
    "many": '{"version": 1, "axes": [' + "[]," * 1_000_000 + "[]]}",
    "wide": '{"version": 1, "model": "\\ud83d\\ude00' + "a" * 6_000_000 + '"}',
    "keys": "{" + ",".join(f'"{number}":0' for number in range(400_000)) + "}",
}


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds at most is asked of Linux")
@pytest.mark.parametrize("how", WITHOUT_END)
def test_a_description_without_end_takes_no_memory(how: str, path: Path) -> None:
    """The process that reads it grows by no more than the file's size and 16 MiB."""
    assemble(path, {}, None, b"", text=WITHOUT_END[how])
    script = (
        "import sys\n"
        "from saved_files import forget_peak, peak\n"
        "from headscope.errors import UnreadableFile\n"
        "from headscope.files.load import load\n"
        "before = forget_peak()\n"
        "try:\n"
        "    load(sys.argv[1])\n"
        "except UnreadableFile as error:\n"
        "    print(peak() - before, error)\n"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [sys.executable, "-c", script, path],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    grown, _, error = result.stdout.partition(" ")
    assert "some.headscope is damaged" in error
    assert int(grown) <= path.stat().st_size + (16 << 20)
