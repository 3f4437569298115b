"""Tokens put in another order before the attention: its map would fit, row by row some other token's.

Whatever moves hidden states, and whatever attends to them, the layer is refused by name, or its weights stand at the
tokens that they belong to.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import by_hand
import pytest
import torch
from by_hand import HEADS, WIDTH, Gpt, Written, heads, peaked
from tiny import build, eager_attentions, ids
from torch import nn
from torch.nn import functional
from transformers import AttentionInterface, PretrainedConfig, PreTrainedModel

import headscope as hs
from headscope.recording.forward import run

LENGTH = 12
ORDER = torch.randperm(LENGTH, generator=torch.Generator().manual_seed(3))
Step = Callable[[torch.Tensor], torch.Tensor]

# What attends


class Softmax(Written):
    """Products and a softmax."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        self.map = (q @ k.mT / 3).softmax(-1)
        return self.proj((self.map @ v).transpose(1, 2).flatten(2))


class KeysFirst(Written):
    """Queries as the last axis."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        weights = (k @ q.mT / 3).softmax(-2)
        self.map = weights.mT
        return self.proj((v.mT @ weights).permute(0, 3, 1, 2).flatten(2))


class NotFollowed(Written):
    """On the way to its softmax the scores pass an operation that is no part of an equation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        self.map = torch.logaddexp(q @ k.mT / 3, torch.full((), -1e30)).softmax(-1)
        return self.proj((self.map @ v).transpose(1, 2).flatten(2))


class Fused(Written):
    """The kernel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        self.map = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return self.proj(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class OfTorch(nn.Module):
    """``nn.MultiheadAttention``."""

    map: torch.Tensor
    need_weights = False

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, weights = self.attention(x, x, x, need_weights=self.need_weights, average_attn_weights=False)
        self.map = weights
        return y  # type: ignore[no-any-return]


class OfTorchWithWeights(OfTorch):
    """The same, by a softmax."""

    need_weights = True


class ThroughTheInterface(Written):
    """As transformers' models have it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = map(heads, self.split(x))
        self.map = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        attend = AttentionInterface().get_interface("sdpa", _plainly)
        return self.proj(attend(self, q, k, v, None, is_causal=False)[0].flatten(2))


def _plainly(
    _: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: Any, **__: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
    return (weights @ v).transpose(1, 2), weights


ATTENTIONS = [KeysFirst, NotFollowed, OfTorch, OfTorchWithWeights, ThroughTheInterface]
"""Besides `Softmax` and `Fused`, which are tried with everything."""

# What moves tokens, and what does not


def _indices(x: torch.Tensor) -> torch.Tensor:
    return ORDER[None, :, None].expand_as(x)


def _written_by_index(x: torch.Tensor) -> torch.Tensor:
    made = torch.zeros_like(x)
    made[:, ORDER] = x
    return made


def _written_by_slices(x: torch.Tensor) -> torch.Tensor:
    made = torch.empty_like(x)
    made[:, :4], made[:, 4:] = x[:, 8:], x[:, :8]
    return made


def _every_other(x: torch.Tensor) -> torch.Tensor:
    return torch.where((torch.arange(LENGTH) % 2 == 0)[:, None], x, x.flip(1))


def _written_under_a_mask(x: torch.Tensor) -> torch.Tensor:
    """Among the tokens there are others, as pictures in a text, of which it is not known what they are."""
    made, mask = x.clone(), torch.arange(LENGTH) % 3 == 1
    made[:, mask] = torch.stack([x.sum(1) * at for at in range(int(mask.sum()))], dim=1)
    return made


MOVES: dict[str, Step] = {
    "index": lambda x: x[:, ORDER],
    "index_select": lambda x: x.index_select(1, ORDER),
    "gather": lambda x: x.gather(1, _indices(x)),
    "take_along_dim": lambda x: x.take_along_dim(ORDER[None, :, None], 1),
    "flip": lambda x: x.flip(1),
    "roll": lambda x: x.roll(3, 1),
    "halves exchanged": lambda x: torch.cat([x[:, 5:], x[:, :5]], dim=1),
    "unbound and stacked": lambda x: torch.stack(x.unbind(1)[::-1], dim=1),
    "sorted by a value": lambda x: x[:, x[0, :, 0].argsort()],
    "sorted along each channel": lambda x: x.sort(dim=1).values,
    "top k": lambda x: x[:, x[0, :, 0].topk(LENGTH).indices],
    "scatter": lambda x: torch.zeros_like(x).scatter_(1, _indices(x), x),
    "written by index": _written_by_index,
    "written by slices": _written_by_slices,
    "added by index": lambda x: torch.zeros_like(x).index_add(1, ORDER, x),
    "windows of a grid": lambda x: x.view(1, 2, 2, 3, -1).transpose(1, 2).reshape(x.shape),
    "strides": lambda x: torch.cat([x[:, ::2], x[:, 1::2]], dim=1),
    "unfold": lambda x: x.mT.unfold(2, 2, 2).transpose(2, 3).flatten(2).mT,
    "F.unfold": lambda x: functional.unfold(x.mT.reshape(1, -1, 4, 3), (2, 1), stride=(2, 1)).view(1, -1, LENGTH).mT,
    "shifted by one": lambda x: functional.pad(x, (0, 0, 1, 0))[:, :-1],
    "some repeated": lambda x: x[:, : LENGTH // 2].repeat(1, 2, 1),
    "embedding": lambda x: functional.embedding(ORDER, x[0])[None],
    "product with a matrix": lambda x: torch.eye(LENGTH)[ORDER] @ x,
    "every other one": _every_other,
    "flipped under a causal convolution": lambda x: KEEPS["causal convolution"](x.flip(1)),
    "flipped and pooled": lambda x: functional.avg_pool1d(x.flip(1).mT, 3, 1, 1).mT,
    "in place": lambda x: x.clone().copy_(x.flip(1)),
    "into a tensor": lambda x: torch.index_select(x, 1, ORDER, out=torch.empty_like(x)),
}
KEEPS: dict[str, Step] = {
    "there and back": lambda x: x[:, ORDER][:, ORDER.argsort()],
    "normalised": lambda x: functional.layer_norm(x, (WIDTH,)) / x.pow(2).mean(-1, keepdim=True).sqrt(),
    "beside others": lambda x: x + x.flip(1),
    "shifted in part": lambda x: torch.cat([x[..., :8], functional.pad(x, (0, 0, 1, -1))[..., 8:]], dim=-1) + x,
    "convolution": lambda x: functional.conv1d(x.mT, torch.ones(WIDTH, 1, 3), padding=1, groups=WIDTH).mT,
    "causal convolution": lambda x: (
        functional.conv1d(functional.pad(x.mT, (2, 0)), torch.ones(WIDTH, 1, 3), groups=WIDTH).mT
    ),
    "sums": lambda x: x.cumsum(1) - x.mean(1, keepdim=True),
    "mixed by a matrix": lambda x: (x.mT @ torch.ones(LENGTH, LENGTH).tril()).mT,
    "other numbers": lambda x: (
        x.double().float() + torch.view_as_real(torch.view_as_complex(x.view(1, -1, 16, 2))).flatten(2)
    ),
    "the first": lambda x: x[:, :7],
    "all but the first": lambda x: x[:, 1:],
    "written under a mask": _written_under_a_mask,
    "one put before": lambda x: torch.cat([torch.ones(1, 1, WIDTH), x], dim=1),
}


class Moving(nn.Module):
    """Attends to what a step makes of its tokens; before that maybe to the tokens, or reads them one by one."""

    def __init__(self, step: Step, attention: type[nn.Module], first: nn.Module | None = None) -> None:
        super().__init__()
        self.step, self.first, self.attention = step, first, attention()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x if self.first is None else self.first(x)
        made: torch.Tensor = self.attention(self.step(x[0] if isinstance(x, tuple) else x))
        return made


def vectors() -> torch.Tensor:
    return torch.randn(1, LENGTH, WIDTH, generator=torch.Generator().manual_seed(1))


def assert_refused(model: nn.Module, given: Any, name: str) -> None:
    capture = hs.capture(model, given)
    with pytest.raises(hs.RefusedLayer, match=rf"{name}.*: its (queries|keys|values) (do not stand|were picked)"):
        capture.attention(len(capture.layers) - 1)
    assert capture.layers[-1].refused


@pytest.mark.filterwarnings("ignore:.*cannot be shown")
@pytest.mark.parametrize(
    ("how", "attention"),
    [*product(MOVES, [Softmax, Fused]), *product(["index", "flip", "written by slices"], ATTENTIONS)],
)
def test_moved_tokens_are_refused(how: str, attention: type[nn.Module]) -> None:
    model = peaked(Moving(MOVES[how], attention))
    model(vectors())
    assert_refused(model, vectors(), "attention")


@pytest.mark.parametrize(
    ("how", "attention"),
    [*product(KEEPS, [Softmax, Fused]), *product(["there and back", "one put before"], ATTENTIONS)],
)
def test_tokens_in_their_order_are_shown(how: str, attention: type[nn.Module]) -> None:
    model = peaked(Moving(KEEPS[how], attention))
    capture = hs.capture(model, vectors())
    model(vectors())
    own = model.attention.map if attention is not OfTorch else _weights_of(model, vectors())
    torch.testing.assert_close(capture.attention(0), own[0].detach(), atol=1e-5, rtol=0)


def _weights_of(model: Any, x: torch.Tensor) -> torch.Tensor:
    model.attention.need_weights = True
    model(x)
    return model.attention.map  # type: ignore[no-any-return]


@pytest.mark.filterwarnings("ignore:.*cannot be shown")
@pytest.mark.parametrize("first", ["embedding", "attention", "fused attention", "recurrent", "time first"])
def test_tokens_are_known_through_what_comes_before(first: str) -> None:
    """Ids, and layers without a residual stream."""
    before: nn.Module = {
        "embedding": lambda: nn.Embedding(50, WIDTH),
        "attention": KeysFirst,
        "fused attention": Fused,
        "recurrent": lambda: nn.GRU(WIDTH, WIDTH, batch_first=True),
        "time first": lambda: _Transposed(nn.LSTM(WIDTH, WIDTH)),
    }[first]()
    given = torch.arange(LENGTH)[None] if first == "embedding" else vectors()
    model = peaked(Moving(torch.clone, Softmax, before))
    capture = hs.capture(model, given)
    model(given)
    torch.testing.assert_close(
        capture.attention(len(capture.layers) - 1), model.attention.map[0].detach(), atol=1e-5, rtol=0
    )
    assert_refused(peaked(Moving(MOVES["index"], Softmax, before)), given, "attention")


class Looking(nn.Module):
    """Ids looked up in a table, then attended to in another order."""

    def __init__(self, look: str) -> None:
        super().__init__()
        self.look, self.attention = look, Softmax()
        self.words, self.types = nn.Embedding(50, WIDTH), nn.Embedding(LENGTH, WIDTH)

    def forward(self, input_ids: torch.Tensor, others: torch.Tensor | None = None) -> torch.Tensor:
        table = self.words.weight
        x = {
            "embedding": lambda: self.words(input_ids),
            "index": lambda: table[input_ids],
            "index_select": lambda: table.index_select(0, input_ids.view(-1))[None],
            "gather": lambda: table.gather(0, input_ids.view(-1, 1).expand(-1, WIDTH))[None],
        }[self.look]()
        made: torch.Tensor = self.attention(x.flip(1) if others is None else x.flip(1) + self.types(others))
        return made


@pytest.mark.filterwarnings("ignore:.*cannot be shown")
@pytest.mark.parametrize("look", ["embedding", "index", "index_select", "gather"])
@pytest.mark.parametrize("beside", [False, True])
def test_ids_are_followed_however_they_are_looked_up(look: str, beside: bool) -> None:
    """Other ids that are added, as of types or of places, do not put right what was moved."""
    given = {"input_ids": torch.arange(LENGTH)[None], **({"others": torch.arange(LENGTH)[None]} if beside else {})}
    assert_refused(peaked(Looking(look)), given, "attention")


class _Transposed(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.inner(x.transpose(0, 1))[0]
        return made.transpose(0, 1)


class Windows(nn.Module):
    """A picture's patches in windows of 2 x 2."""

    def __init__(self, attention: type[nn.Module]) -> None:
        super().__init__()
        self.attention = attention()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.attention(x.view(1, 2, 2, 2, 2, -1).transpose(2, 3).reshape(4, 4, -1))
        return made.view(1, 2, 2, 2, 2, -1).transpose(2, 3).reshape(x.shape)


@pytest.mark.parametrize("attention", [Fused, ThroughTheInterface])
def test_windows_written_by_hand_are_put_together_in_the_order_of_the_tokens(attention: type[nn.Module]) -> None:
    model, x = peaked(Windows(attention)), torch.randn(1, 16, WIDTH, generator=torch.Generator().manual_seed(1))
    shown = hs.capture(model, x).attention(0)
    model(x)
    numbers = torch.arange(16).view(2, 2, 2, 2).transpose(1, 2).reshape(4, 4)
    expected = torch.zeros(HEADS, 16, 16)
    for window, tokens in enumerate(numbers):
        expected[:, tokens[:, None], tokens] = model.attention.map[window].detach()
    torch.testing.assert_close(shown, expected, atol=1e-5, rtol=0)


class OneSide(Written):
    """Of queries, keys and values some are in another order."""

    def __init__(self, moved: str) -> None:
        super().__init__()
        self.moved = moved

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            heads(one)[:, :, ORDER] if name in self.moved else heads(one)
            for name, one in zip("qkv", self.split(x), strict=True)
        )
        return self.proj(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


@pytest.mark.filterwarnings("ignore:.*cannot be shown")
@pytest.mark.parametrize("moved", ["q", "k", "v", "kv"])
def test_each_of_queries_keys_and_values_is_looked_at(moved: str) -> None:
    capture = hs.capture(peaked(OneSide(moved)), vectors())
    what = {"q": "queries", "k": "keys", "v": "values"}[moved[0]]
    with pytest.raises(hs.RefusedLayer, match=f"its {what} do not stand in the order of the tokens: at position 0 is"):
        capture.attention(0)


class Reading(nn.Module):
    """Looks at something else, which is moved or not."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step, self.attention = step, nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        context = self.step(context)
        y: torch.Tensor = self.attention(x, context, context)[0]
        return y


@pytest.mark.filterwarnings("ignore:.*cannot be shown")
@pytest.mark.parametrize("length", [LENGTH, 7])
def test_what_is_looked_at_in_another_order(length: int) -> None:
    x = torch.randn(1, length, WIDTH, generator=torch.Generator().manual_seed(2))
    model = peaked(Reading(torch.clone))
    expected = model.attention(x, vectors(), vectors(), average_attn_weights=False)[1][0]
    torch.testing.assert_close(hs.capture(model, (x, vectors())).attention(0), expected.detach(), atol=1e-5, rtol=0)
    for how in ("flip", "gather", "written by slices"):
        capture = hs.capture(peaked(Reading(MOVES[how])), (x, vectors()))
        with pytest.raises(hs.RefusedLayer, match="its keys do not stand in the order of the tokens"):
            capture.attention(0)


# Custom code beside transformers' own


class Wrapper(PreTrainedModel):
    """Hands the embeddings of its tokens to a model of transformers."""

    def __init__(self, step: Step) -> None:
        super().__init__(PretrainedConfig())
        self.inner = build("causal, fused projection")
        self.step = step

    def get_input_embeddings(self) -> Any:
        return self.inner.get_input_embeddings()

    def forward(self, input_ids: torch.Tensor) -> Any:
        return self.inner(inputs_embeds=self.step(self.get_input_embeddings()(input_ids)))


@pytest.mark.filterwarnings("ignore:.*cannot be shown")
def test_a_transformers_model_inside_custom_code() -> None:
    """All of its attention goes through the interface, so nothing else would have to be looked at."""
    model = Wrapper(torch.clone).eval()
    capture = hs.capture(model, ids(LENGTH))
    for layer, weights in enumerate(eager_attentions(model.inner, input_ids=ids(LENGTH))):
        torch.testing.assert_close(capture.attention(layer), weights[0], atol=1e-5, rtol=0)
        assert capture.layers[layer].tier == 1
    for how in ("flip", "index", "roll"):
        assert_refused(Wrapper(MOVES[how]).eval(), ids(LENGTH), "inner")


@pytest.mark.filterwarnings("ignore:.*cannot be shown")
def test_items_of_a_batch_exchanged_in_custom_code() -> None:
    model, batch = Wrapper(lambda x: x.flip(0)).eval(), ids(LENGTH, batch=3)
    assert not hs.capture(model, batch, item=1).layers[0].refused  # the middle one stays
    capture = hs.capture(model, batch, item=0)
    with pytest.raises(hs.RefusedLayer, match="queries belong to item 2 of the batch where those of item 0 are due"):
        capture.attention(0)


def test_the_operations_of_transformers_own_models_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are compared with their own maps in docs/models.md, and pay for nothing."""
    monkeypatch.delattr(run, "Operations")
    assert hs.capture(build("causal, fused projection"), ids(LENGTH)).attention(0).shape[-1] == LENGTH
    with pytest.raises(NameError):
        hs.capture(peaked(Gpt(by_hand.FusedAttention)), ids(LENGTH) % 50)
