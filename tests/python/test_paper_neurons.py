"""examples/neurons_and_behaviour.ipynb: what it claims is so in the model itself, run with the neurons left out."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Callable
from typing import Any

import notebooks
import pytest
import torch
from notebooks import as_said
from transformers.models.llama import modeling_llama

LAYER, HEAD = 19, 4
FIRST, FAR = 40, 32


@pytest.fixture(scope="module")
def ran() -> notebooks.Ran:
    return notebooks.run("neurons_and_behaviour")


@pytest.fixture(scope="module")
def text() -> str:
    """The text that the notebook captures."""
    cells = json.loads((notebooks.EXAMPLES / "neurons_and_behaviour.ipynb").read_text())["cells"]
    source = next("".join(cell["source"]) for cell in cells if cell["id"] == "load")
    return next(
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "TEXT"  # type: ignore[attr-defined]
    )


@pytest.fixture
def own(smollm2: Any, text: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The queries and weights of the head in the model's own eager attention, with some query neurons set to zero."""
    model = copy.deepcopy(smollm2[0])
    model.set_attn_implementation("eager")
    plain = modeling_llama.eager_attention_forward

    def ask(neurons: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        seen: dict[int, Any] = {}

        def attend(module: Any, query: torch.Tensor, *arguments: Any, **options: Any) -> Any:
            if module.layer_idx == LAYER:
                query = query.clone()
                query[:, HEAD, :, neurons] = 0
            output, weights = plain(module, query, *arguments, **options)
            seen[module.layer_idx] = query[0, HEAD], weights[0, HEAD]
            return output, weights

        monkeypatch.setattr(modeling_llama, "eager_attention_forward", attend)
        with torch.no_grad():
            model(**smollm2[1](text, return_tensors="pt"))
        return seen[LAYER]

    return ask


def profile(weights: torch.Tensor) -> torch.Tensor:
    """Mean weight at each distance from 1 to `FAR`."""
    rows = range(FIRST, len(weights))
    return torch.stack([torch.stack([weights[at, at - back] for at in rows]).mean() for back in range(1, FAR + 1)])


def near_to_far(one: torch.Tensor) -> float:
    return (one[:8].mean() / one[24:].mean()).item()


def test_the_heads_attention_falls_with_distance(ran: notebooks.Ran, own: Callable[..., Any]) -> None:
    queries, weights = own([])
    falls = profile(weights)
    assert ran.claims["head"] == [LAYER, HEAD]
    assert ran.claims["profile"] == pytest.approx(falls.tolist(), abs=1e-5)
    assert ran.claims["near"] == pytest.approx(falls[:8].sum().item(), abs=1e-4)
    assert falls[0] > 5 * falls[15] > 5 * 3 * falls[31]
    assert f"gives {as_said(ran.claims['near'])} of its attention to the eight tokens before" in ran.text

    unit = torch.nn.functional.normalize(queries[1:], dim=-1)
    pairs = ~torch.eye(len(unit), dtype=torch.bool)
    alike = (unit @ unit.mT)[pairs].mean().item()
    assert ran.claims["cosine"] == pytest.approx(alike, abs=1e-4)
    assert alike > ran.claims["median_cosine"]
    said = f"mean cosine of {as_said(alike)}. That is much, but no rarity: the median of all heads is"
    assert f"{said} {as_said(ran.claims['median_cosine'])}" in ran.text


def test_without_six_neurons_the_models_own_attention_hardly_falls(ran: notebooks.Ran, own: Callable[..., Any]) -> None:
    here = ran.claims["near_to_far"]["this text"]
    whole, without = (near_to_far(profile(own(neurons)[1])) for neurons in ([], ran.claims["neurons"]))
    assert here["whole"] == pytest.approx(whole, rel=1e-3)
    assert here["without the six"] == pytest.approx(without, rel=1e-3)
    assert without < whole / 15
    said = f"{whole:.0f} times as much attention as one 25 to 32 back; without the six neurons {without:.1f} times"
    assert said in ran.text


def test_six_other_neurons_do_not_do_it_nor_does_another_text(ran: notebooks.Ran) -> None:
    for times in ran.claims["near_to_far"].values():
        assert times["without the six"] < times["whole"] / 15
        assert times["without six at random, median"] > 0.9 * times["whole"]
        assert times["without six at random, least"] > 0.7 * times["whole"]
    other = ran.claims["near_to_far"]["another text"]
    assert f"from {other['whole']:.0f} to {other['without the six']:.1f} times" in ran.text


def test_the_six_neurons_slopes_make_the_score_fall(ran: notebooks.Ran) -> None:
    few, every = ran.claims["slope_of_few"], ran.claims["slope_of_all"]
    assert few / every > 0.9
    assert f"make {as_said(few, 3)} of the {as_said(every, 3)}" in ran.text
    assert ran.claims["exact"] < 1e-5
