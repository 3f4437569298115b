"""Overviews, thumbnails, rows and columns, streamed, against attention computed whole; and what streaming holds."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
import torch
from dense import dense_weights, pooled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import MECHANISMS, build, ids
from torch.utils._python_dispatch import TorchDispatchMode

import headscope as hs
from headscope import errors
from headscope.answers import certified, frames, kept_pictures, walk
from headscope.answers.pooling import REDUCES

LENGTH = 83
PROPERTIES = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.differing_executors])


def edges(count: int, size: int) -> list[int]:
    cells = min(count, size)
    return [cell * count // cells for cell in range(cells + 1)]


def close(made: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(made, expected.float(), atol=1e-5, rtol=0)


def expect_pictures(capture: hs.Capture, layer: int, dense: torch.Tensor, size: int) -> None:
    """Overviews and thumbnails of a layer are its dense weights [H, Q, K], pooled."""
    queries, keys = dense.shape[1:]
    rows, columns = edges(queries, size), edges(keys, size)
    for reduce in REDUCES:
        close(capture.overview(size, reduce, layers=layer)[0], pooled(dense, rows, columns, reduce))
        drawn = capture.thumbnails(layer, size, reduce)
        assert drawn.rail is not None
        close(drawn.rail, torch.stack([dense[:, a:b, 0].mean(1) for a, b in pairwise(rows)], 1))
        body = (
            pooled(dense, rows, drawn.column_edges, reduce) if keys > 1 else dense[..., :0].new_zeros(drawn.body.shape)
        )
        close(drawn.body, body * torch.tensor(drawn.column_edges).diff() if reduce == "mean" and keys > 1 else body)


def tiny_layers_anew(
    mechanism: str, padded: bool, captured: str = "eager"
) -> tuple[hs.Capture, tuple[torch.Tensor, ...]]:
    """A capture, and the model's own dense weights of the tokens that are not padding."""
    model = build(mechanism, attn_implementation="eager")  # it says its weights, of the very forward that is captured
    inputs = {"input_ids": ids(LENGTH, batch=2), "attention_mask": torch.ones(2, LENGTH, dtype=torch.int64)}
    if padded:
        inputs["attention_mask"][1, :9] = 0
    kept = inputs["attention_mask"][1].bool()
    with torch.no_grad():
        own = model(**inputs, output_attentions=True).attentions
    if captured == "default":
        model = build(mechanism)
    return hs.capture(model, inputs, item=1), tuple(one[1][:, kept][:, :, kept] for one in own)


tiny_layers = cache(tiny_layers_anew)


@pytest.mark.parametrize("padded", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("captured", ["eager", "default"])
@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_the_first_pictures_of_a_layer_are_made_of_the_weights_of_its_check(
    mechanism: str, captured: str, padded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are the model's own, and nothing goes over the layer once more."""
    capture, dense = tiny_layers_anew(mechanism, padded, captured)
    monkeypatch.delattr(certified, "walk")
    expect_pictures(capture, 1, dense[1], 7)


@pytest.mark.parametrize("padded", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("mechanism", list(MECHANISMS))
@PROPERTIES
@given(size=st.integers(1, 90), scores=st.integers(1, 9000), layer=st.integers(0, 2))
def test_pictures_are_the_models_own_weights_pooled(
    mechanism: str, padded: bool, size: int, scores: int, layer: int
) -> None:
    capture, dense = tiny_layers(mechanism, padded)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "SCORES", scores)
        patch.setattr(kept_pictures, "MOST_BYTES", 0)
        expect_pictures(capture, layer, dense[layer], size)


@pytest.mark.parametrize("padded", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("mechanism", list(MECHANISMS))
@PROPERTIES
@given(data=st.data(), head=st.integers(0, 3))
def test_rows_and_columns_are_the_models_own_weights(
    mechanism: str, padded: bool, data: st.DataObject, head: int
) -> None:
    capture, dense = tiny_layers(mechanism, padded)
    count = dense[1].shape[-1]
    chosen = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=5))
    close(capture.attention(1, head, queries=chosen), dense[1][head, chosen][None])
    close(capture.attention(1, head, keys=chosen), dense[1][head][:, chosen][None])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certified, "ROWS_BY_LSE", 0)
        close(capture.attention(1, [head], chosen, chosen), dense[1][head][chosen][:, chosen][None])


TERMS = ("causal", "window", "gaps", "of each head", "bias", "softcap")


@st.composite
def vectors(draw: st.DrawFn) -> tuple[hs.Capture, torch.Tensor]:
    """A capture of vectors with some terms or others, and its weights in float64."""
    queries, keys, width = draw(st.integers(1, 70)), draw(st.integers(1, 70)), draw(st.integers(1, 9))
    groups = draw(st.integers(1, 3))
    heads = groups * draw(st.integers(1, 3))
    terms = draw(st.sets(st.sampled_from(TERMS)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1000)))
    size = draw(st.sampled_from([1.0, 3.0, 5.0]))  # the last makes products beyond what float32 is trusted with
    q = size * torch.randn(heads, queries, width, generator=generator)
    k, v = (size * torch.randn(groups, keys, width, generator=generator) for _ in range(2))
    visible = torch.ones(heads if "of each head" in terms else 1, queries, keys, dtype=torch.bool)
    if "causal" in terms:
        visible = visible.tril(keys - queries)
    if "window" in terms:
        visible = visible.triu(keys - queries - 5)
    if terms & {"gaps", "of each head"}:
        visible = visible & (torch.rand(visible.shape, generator=generator) < 0.8)
    bias = torch.randn(heads, queries, keys, generator=generator) if "bias" in terms else None
    softcap = 2.0 if "softcap" in terms else None
    words = [str(at) for at in range(keys)]
    capture = hs.from_vectors(
        [q], [k], [v], tokens=words, query_tokens=words[:queries] + ["+"] * (queries - keys), mask=visible,
        bias=bias, softcap=softcap,
    )  # fmt: skip
    scaling = width**-0.5
    return capture, dense_weights(q, k, visible, scaling=scaling, softcap=softcap, bias=bias)


@settings(max_examples=120, deadline=None)
@given(made=vectors(), size=st.integers(1, 80), scores=st.integers(1, 9000))
def test_answers_of_vectors_are_their_weights_in_float64(
    made: tuple[hs.Capture, torch.Tensor], size: int, scores: int
) -> None:
    capture, dense = made
    queries, keys = dense.shape[1:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "SCORES", scores)
        expect_pictures(capture, 0, dense, size)
        lse = capture.lse(0)
        patch.setattr(certified, "ROWS_BY_LSE", 0)
        close(capture.attention(0, keys=range(keys)), dense)
        close(capture.attention(0), dense)
        close(capture.tile(0, 0, (0, queries), (0, keys), size, "mean").values, pooled(dense[0], edges(queries, size),
              edges(keys, size), "mean"))  # fmt: skip
    assert lse.dtype == torch.float64
    assert lse.isneginf().equal(dense.sum(-1) == 0)


def test_columns_of_rows_with_one_large_weight_are_exact_however_large_its_score() -> None:
    generator = torch.Generator().manual_seed(0)
    q, k = (40 * torch.randn(2, 200, 16, generator=generator) for _ in range(2))
    capture = hs.from_vectors([q], [k], tokens=[str(at) for at in range(200)], causal=True)
    dense = dense_weights(q, k, torch.ones(1, 200, 200, dtype=torch.bool).tril(), scaling=0.25)
    peaked = dense.amax(-1) > 1 - 1e-9
    assert peaked.sum() > 300
    close(capture.attention(0, keys=range(200))[peaked], dense[peaked])


def test_one_walk_gives_every_picture_of_a_size_and_the_log_sum_exp(monkeypatch: pytest.MonkeyPatch) -> None:
    capture, walks = hs.capture(build(), ids(LENGTH)), list[Any]()

    def counted(function: Callable[..., walk.Walked]) -> Callable[..., walk.Walked]:
        def count(*arguments: Any) -> walk.Walked:
            walks.append(arguments)
            return function(*arguments)

        return count

    monkeypatch.setattr(certified, "walk", counted(walk.walk))
    monkeypatch.setattr(certified, "walk_known", counted(walk.walk_known))
    for reduce in REDUCES:
        capture.thumbnails(1, 9, reduce)
        capture.overview(9, reduce, layers=1)
    capture.attention(1, keys=[3])
    assert len(walks) == 1
    capture.lse(2)  # of another layer, whose pictures are as likely to be asked for
    capture.thumbnails(2, 9)
    assert len(walks) == 2


def test_pictures_that_are_kept_are_counted_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = hs.capture(build(), ids(LENGTH))
    capture.overview(9)
    held, one = capture.nbytes, 4 * 4 * 9 * 9
    monkeypatch.setattr(kept_pictures, "MOST_BYTES", 12 * one)
    for size in range(1, 9):
        capture.overview(size)
    assert capture.nbytes < held
    monkeypatch.setattr(frames, "LARGE", 10)
    held = capture.nbytes
    capture.overview(20)
    capture.thumbnails(0, 20)
    assert capture.nbytes == held


def test_work_is_told_between_stripes_and_ends_when_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "SCORES", 4 * LENGTH * 8)
    capture, told = hs.capture(build(), ids(LENGTH)), list[float]()
    capture.overview(9, progress=lambda done, _total: told.append(done))
    assert told == sorted(told)
    assert len(told) > 30
    assert told[-1] == 3

    def stop(share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture.thumbnails(0, 7, progress=stop)
    told.clear()
    capture.thumbnails(0, 7, progress=told.append)  # nothing half done was kept
    assert (told[0], told[-1]) == (0, 1)


def test_stripes_that_no_query_sees_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[int]()

    class Counting(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            if func is torch.ops.aten.exp_.default:
                seen.append(out.numel())
            return out

    capture = hs.capture(build("sliding window"), ids(400))
    capture.record(0)
    monkeypatch.setattr(walk, "SCORES", 4 * 400 * 16)
    with Counting():
        capture.lse(0)
    assert sum(seen) < 4 * 400 * 400 / 8


class Held(TorchDispatchMode):
    """Counts the bytes of the tensors made within, while they live."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known = dict[int, int]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for one in out if isinstance(out, tuple | list) else (out,):
            if isinstance(one, torch.Tensor):
                self._count(one)
        return out

    def _count(self, tensor: torch.Tensor) -> None:
        at, size = tensor.untyped_storage().data_ptr(), tensor.untyped_storage().nbytes()
        if at not in self._known:
            self._known[at] = 0
            self.now += size
            self.most = max(self.most, self.now)
        self._known[at] += 1
        weakref.finalize(tensor, self._forget, at, size)

    def _forget(self, at: int, size: int) -> None:
        self._known[at] -= 1
        if not self._known[at]:
            del self._known[at]
            self.now -= size


@pytest.mark.parametrize("terms", [{"causal": True}, {"causal": False}, {"causal": True, "softcap": 2.0}], ids=str)
@pytest.mark.parametrize("size", [25, 300])
def test_working_memory_keeps_to_the_stated_budget(
    terms: dict[str, Any], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the length: the weights of all pairs would be several times as much."""
    heads, tokens = 4, 1200
    q, k = torch.randn(1, heads, tokens, 8), torch.randn(1, 2, tokens, 8)
    capture = hs.from_vectors(q, k, tokens=[str(at) for at in range(tokens)], **terms)
    monkeypatch.setattr(walk, "SCORES", 1 << 17)
    with Held() as held:
        capture.overview(size)
    pictures = 5 * 4 * heads * size * size  # largest and mean, with the first key and without, and the answer
    working = held.most - pictures - 8 * heads * tokens  # the log-sum-exp stays too
    assert working < walk.ARRAYS * 4 * walk.SCORES
    assert working < 4 * heads * tokens * tokens / 5


def test_an_overview_over_the_budget_of_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = hs.capture(build(), ids(LENGTH))
    monkeypatch.setattr(hs.budget, "answer", 1000)
    with pytest.raises(errors.OverBudget):
        capture.overview(80)
