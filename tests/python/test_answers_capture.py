"""The questions a capture answers: slices, budgets, neurons, overviews, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tiny import MECHANISMS, build, ids

import headscope as hs
from headscope import errors
from headscope.recording.layers import projection
from headscope.recording.layers.record import Record


@pytest.fixture(scope="module")
def capture() -> hs.Capture:
    return hs.capture(build(), ids(80))


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_slices_equal_the_slices_of_the_whole(mechanism: str) -> None:
    capture = hs.capture(build(mechanism), ids(80))
    whole = capture.attention(1)
    assert whole.shape == (4, 80, 80)
    assert whole.dtype == torch.float32
    for heads, queries, keys in [
        (None, 7, None),
        (None, range(10, 20), None),
        (None, [12, 10, 10, 13], None),
        (None, None, 7),
        (2, None, None),
        (3, None, [0, 5]),
        ([3, 1], range(10, 20), slice(0, 80, 3)),
        (torch.tensor([0]), [79], np.array([0, 1])),
    ]:
        index = [torch.arange(n)[_as_index(one)] for n, one in zip((4, 80, 80), (heads, queries, keys), strict=True)]
        expected = whole[index[0][:, None, None], index[1][:, None], index[2]]
        # Products of other sizes are rounded in another order, here of scores of some tens.
        torch.testing.assert_close(capture.attention(1, heads, queries, keys), expected, atol=1e-5, rtol=0)


def test_an_empty_choice_has_an_empty_answer(capture: hs.Capture) -> None:
    assert capture.attention(0, heads=[]).shape == (0, 80, 80)
    assert capture.attention(0, queries=[]).shape == (4, 0, 80)
    assert capture.attention(0, keys=slice(5, 5)).shape == (4, 80, 0)


def _as_index(which: Any) -> Any:
    if which is None:
        return slice(None)
    return which if isinstance(which, slice) else torch.tensor([which] if isinstance(which, int) else list(which))


def test_rows_sum_to_one_and_the_future_has_no_weight(capture: hs.Capture) -> None:
    weights = capture.attention(2)
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, 80))
    assert float(weights.triu(1).abs().max()) == 0.0


@pytest.mark.parametrize("size", [1, 7, 16, 80, 200])
@pytest.mark.parametrize("mechanism", ["sliding window", "sinks and window", "position bias"])
def test_the_overview_pools_the_exact_weights(mechanism: str, size: int) -> None:
    capture = hs.capture(build(mechanism), ids(80))
    cells = min(size, 80)
    edge = [cell * 80 // cells for cell in range(cells + 1)]
    for reduce, pool in (("max", torch.amax), ("mean", torch.mean)):
        picture = capture.overview(size, reduce)  # type: ignore[arg-type]
        assert picture.shape == (3, 4, cells, cells)
        for layer in range(3):
            whole = capture.attention(layer)
            expected = torch.stack(
                [
                    torch.stack(
                        [
                            pool(whole[:, edge[i] : edge[i + 1], edge[j] : edge[j + 1]], dim=(1, 2))
                            for j in range(cells)
                        ],
                        dim=-1,
                    )
                    for i in range(cells)
                ],
                dim=1,
            )
            torch.testing.assert_close(picture[layer], expected, atol=1e-5, rtol=0)


def test_the_overview_of_some_layers_reports_progress(capture: hs.Capture) -> None:
    steps: list[tuple[float, int]] = []
    picture = capture.overview(4, layers=[2, 0], progress=lambda done, total: steps.append((done, total)))
    assert steps == sorted(steps)
    assert {(0, 2), (1, 2), (2, 2)} <= set(steps)
    assert torch.equal(picture[0], capture.overview(4)[2])


def test_large_answers_are_computed_in_stripes_and_are_the_same(
    capture: hs.Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = capture.attention(0)
    monkeypatch.setattr("headscope.recording.layers.formula.STRIPE_ELEMENTS", 1000)
    torch.testing.assert_close(capture.attention(0), whole)


def test_an_answer_over_the_budget_is_refused_with_a_slice_that_fits(
    capture: hs.Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hs.budget, "answer", 4 * 4 * 80 * 10)
    with pytest.raises(errors.OverBudget, match=r"queries=range\(0, 10\)"):
        capture.attention(0)
    assert capture.attention(0, queries=range(10)).shape == (4, 10, 80)
    monkeypatch.setattr(hs.budget, "answer", 4 * 80 * 2)
    with pytest.raises(errors.OverBudget, match=r"heads=\[0\] and queries=range\(0, 2\)"):
        capture.attention(0)
    assert capture.attention(0, heads=[0], queries=range(2)).shape == (1, 2, 80)


def test_captures_share_one_budget_and_give_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build()
    first = hs.capture(model, ids(64))
    from headscope.answers.budget import living

    held = sum(other.nbytes for other in living())
    monkeypatch.setattr(hs.budget, "captures", held + first.nbytes // 2)
    with pytest.raises(errors.OverBudget, match=r"Delete captures.*capture.close\(\)"):
        hs.capture(model, ids(64))
    first.close()
    assert hs.capture(model, ids(64)).nbytes > 0
    with pytest.raises(errors.CaptureClosed, match="Capture again"):
        first.attention(0)


def test_an_answer_under_way_when_the_capture_closes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    capture, find = hs.capture(build(), ids(12)), projection.find_projection

    def closing(record: Record) -> projection.Projection:
        capture.close()
        return find(record)

    monkeypatch.setattr(projection, "find_projection", closing)
    with pytest.raises(errors.CaptureClosed, match="Capture again"):
        capture.thumbnails(1, 4, measure="value_norm")


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (lambda c: c.attention(3), r"layer 3 is out of range: it goes from 0 to 2"),
        (lambda c: c.attention(0, heads=4), r"head 4 is out of range: it goes from 0 to 3"),
        (lambda c: c.attention(0, heads=-1), "head -1 is out of range"),
        (lambda c: c.attention(0, queries=[0, 80]), r"query 80 is out of range: it goes from 0 to 79"),
        (lambda c: c.attention(0, keys=80), r"key 80 is out of range: it goes from 0 to 79"),
        (lambda c: c.attention(0, heads=[0.5]), "head 0.5 is not a whole number"),
        (lambda c: c.attention(0, part="encoder"), "part 'encoder' is unknown: this capture has 'self'"),
        (lambda c: c.neurons(0, 9, 0), "head 9 is out of range"),
        (lambda c: c.neurons(0, [0, 1], 0), r"head \[0, 1\] is not a whole number"),
        (lambda c: c.attention(1.0), "layer 1.0 is not a whole number"),
        (lambda c: c.overview(4, layers=[1.7]), "layer 1.7 is not a whole number"),
        (lambda c: c.overview(4, layers="1"), "layer '1' is not a whole number"),
        (lambda c: c.overview(4, layers=[]), "no layer to picture: layers= names none"),
        (lambda c: c.overview(2.5), "size 2.5 is not a whole number"),
        (lambda c: c.thumbnails(0, None), "size None is not a whole number"),
        (lambda c: c.overview(0), "size 0 is too small"),
        (lambda c: c.overview(4, "median"), "'median' is unknown"),
        (lambda c: c.overview(4, layers=[7]), "layer 7 is out of range"),
        (lambda c: c.tokens(side="left"), "'left' is unknown"),
    ],
)
def test_what_does_not_exist_is_said_with_the_range(capture: hs.Capture, question: Any, message: str) -> None:
    with pytest.raises(errors.OutOfRange, match=message):
        question(capture)


def test_nan_weights_are_answered_as_nan_and_named() -> None:
    model = build()
    with torch.no_grad():
        model.model.layers[1].self_attn.k_proj.weight[0, 0] = float("nan")
    capture = hs.capture(model, ids(10))
    assert capture.not_finite == "model.layers.1.self_attn.k_proj.weight hold NaN or infinite numbers"
    assert not capture.layers[0].not_finite
    assert capture.layers[1].not_finite == "keys hold NaN or infinite numbers"
    assert torch.isfinite(capture.attention(0)).all()
    weights = capture.attention(1)
    assert weights[0].tril().isnan().any()
    assert float(weights.triu(1).abs().max()) == 0.0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_bad_values_are_named_and_the_pattern_still_answers(value: float) -> None:
    model = build()
    with torch.no_grad():
        model.model.layers[2].self_attn.v_proj.weight[0, 0] = value
    capture = hs.capture(model, ids(10))
    assert "values hold NaN or infinite" in capture.layers[2].not_finite
    torch.testing.assert_close(capture.attention(2).sum(-1), torch.ones(4, 10))


def test_a_model_in_training_mode_is_refused() -> None:
    model = build()
    model.model.layers[1].self_attn.train()
    with pytest.raises(errors.TrainingMode, match=r"model.layers.1.self_attn is in training mode.*model.eval\(\)"):
        hs.capture(model, ids(5))
    assert model.model.layers[1].self_attn.training


def test_a_model_without_attention_is_refused() -> None:
    class Embedder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(99, 4)

        def get_input_embeddings(self) -> torch.nn.Module:
            return self.embedding

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            return self.embedding(input_ids)

    with pytest.raises(errors.NoAttention, match="Embedder computed no attention"):
        hs.capture(Embedder().eval(), ids(5))


def test_a_model_with_attention_code_of_its_own_is_refused_by_name() -> None:
    from transformers import RwkvConfig, RwkvModel

    model = RwkvModel(RwkvConfig(hidden_size=64, num_hidden_layers=2, vocab_size=99)).eval()
    with pytest.raises(errors.UnseenAttention, match=r"no record of blocks.0.attention, blocks.1.attention"):
        hs.capture(model, ids(5))


def test_something_that_is_no_model_is_refused() -> None:
    with pytest.raises(errors.UnsupportedInput, match="model is a str"):
        hs.capture("gpt2", ids(5))  # type: ignore[arg-type]


def test_repr_is_short_and_says_what_it_is(capture: hs.Capture) -> None:
    assert repr(capture).startswith("Capture(LlamaForCausalLM, 3 layers, 80 tokens, ")


def test_whole_numbers_of_any_kind_are_taken_and_masks_are_not_read_as_numbers(capture: hs.Capture) -> None:
    expected = capture.attention(1, 2, 3)
    assert torch.equal(capture.attention(1, np.int64(2), torch.tensor(3)), expected)
    for mask in (torch.tensor([True, False, True, False]), [True, False, True, False]):
        with pytest.raises(errors.OutOfRange, match="nonzero"):
            capture.attention(1, mask)


@pytest.mark.parametrize("one", [np.int64(1), torch.tensor(1)])
def test_a_number_may_be_of_any_whole_kind(capture: hs.Capture, one: Any) -> None:
    assert torch.equal(capture.attention(one, one, one, one), capture.attention(1, 1, 1, 1))
    assert torch.equal(capture.overview(4, layers=one), capture.overview(4, layers=1))
    assert torch.equal(capture.value_norms(one), capture.value_norms(1))
    assert torch.equal(capture.thumbnails(one, 4).body, capture.thumbnails(1, 4).body)
    assert torch.equal(capture.neurons(one, one, one).dot, capture.neurons(1, 1, 1).dot)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_key_that_is_no_number_touches_only_the_rows_that_see_it(bad: float) -> None:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 9, 4, generator=generator) for _ in range(3))
    dense = (q @ k.mT / 2).masked_fill(torch.ones(9, 9).triu(1).bool(), -torch.inf).softmax(-1)
    k[:, 6] = bad
    found = hs.from_vectors(*([one] for one in (q, k, v)), causal=True, tokens=list("abcdefghi")).attention(0)
    torch.testing.assert_close(found[:, :6], dense[:, :6], atol=1e-6, rtol=0)
    hidden = torch.ones(9, 9).triu(1).bool()
    assert (found[:, hidden] == 0).all()
    assert not found[:, 6:].isfinite().all()
