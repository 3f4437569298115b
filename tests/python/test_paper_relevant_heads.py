"""examples/relevant_heads.ipynb: what it claims is so, by the attentions that the model itself returns."""

from __future__ import annotations

import copy
from typing import Any

import notebooks
import pytest
import torch
from notebooks import as_said

FIRST, SECOND = "The cat sat on the windowsill.", "A kitten was resting by the window."
TOKENS = "[CLS] the cat sat on the windows ##ill . [SEP] a kitten was resting by the window . [SEP]"
PARTNERS = [((2,), (11,)), ((3,), (13,)), ((6, 7), (16,))]  # cat - kitten, sat - resting, windowsill - window


@pytest.fixture(scope="module")
def ran() -> notebooks.Ran:
    return notebooks.run("relevant_heads")


@pytest.fixture(scope="module")
def own(minilm: Any) -> Any:
    """Attention of a pair as the model returns it: [layer, head, query, key], and the tokens."""
    model = copy.deepcopy(minilm[0])
    model.set_attn_implementation("eager")

    def ask(first: str, second: str) -> tuple[torch.Tensor, list[str]]:
        ids = minilm[1](first, second, return_tensors="pt")
        with torch.no_grad():
            attentions = model(**ids, output_attentions=True).attentions
        return torch.stack(attentions)[:, 0], minilm[1].convert_ids_to_tokens(ids["input_ids"][0])

    return ask


def between(weights: torch.Tensor, queries: tuple[int, ...], keys: tuple[int, ...]) -> torch.Tensor:
    """A word looks on average and is looked at in sum: [layer, head]."""
    return sum(weights[..., at, key] for at in queries for key in keys) / len(queries)  # type: ignore[return-value]


def partner_score(weights: torch.Tensor, partners: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> torch.Tensor:
    """Attention between partners, both ways, less that between the other words: [layer, head]."""
    both = {
        (i, j): (between(weights, a, b) + between(weights, b, a)) / 2
        for i, (a, _) in enumerate(partners)
        for j, (_, b) in enumerate(partners)
    }
    belong = [value for (i, j), value in both.items() if i == j]
    others = [value for (i, j), value in both.items() if i != j]
    return torch.stack(belong).mean(0) - torch.stack(others).mean(0)


def test_heads_that_look_across_do_so_for_any_sentence(ran: notebooks.Ran, own: Any) -> None:
    masses = []
    for second in (SECOND, "The stock market fell today."):
        weights, tokens = own(FIRST, second)
        middle = tokens.index("[SEP]")
        masses.append(weights[:, :, 1:middle, middle + 1 : -1].sum(-1).mean(-1).flatten())
    same = torch.corrcoef(torch.stack(masses))[0, 1].item()
    assert ran.claims["mass_correlation"] == pytest.approx(same, abs=1e-4)
    assert same > 0.75
    assert f"correlation {as_said(same)} over the 72 heads" in ran.text

    at = 2 * 12 + 9
    paraphrase, unrelated = masses[0][at].item(), masses[1][at].item()
    across = ran.claims["across"]
    assert (across["paraphrase"], across["unrelated"]) == pytest.approx((paraphrase, unrelated), abs=1e-5)
    assert unrelated < paraphrase / 3
    assert f"it gives {as_said(unrelated)} of its attention instead of {as_said(paraphrase)}" in ran.text


def test_the_head_found_is_the_one_whose_words_look_at_their_partners_most(ran: notebooks.Ran, own: Any) -> None:
    weights, tokens = own(FIRST, SECOND)
    assert tokens == TOKENS.split()
    score = partner_score(weights, PARTNERS)
    best = [divmod(at, 12) for at in score.flatten().argsort(descending=True).tolist()]
    assert tuple(ran.claims["head"]) == best[0] == (2, 9)
    assert tuple(ran.claims["second"]) == best[1]
    assert ran.claims["score"] == pytest.approx(score[best[0]].item(), abs=1e-5)
    assert f"Head 9 of layer 2, with {as_said(score[best[0]].item())}" in ran.text

    looks = [between(weights, a, b)[2, 9].item() for a, b in PARTNERS]
    assert list(ran.claims["looks"].values()) == pytest.approx(looks, abs=1e-5)
    assert f"from `cat` at `kitten` with {as_said(looks[0])}" in ran.text
    assert f"from `windowsill` at `window` with {as_said(looks[2])}" in ran.text


def test_it_is_first_in_three_of_four_pairs_that_had_no_say(ran: notebooks.Ran, own: Any) -> None:
    assert ran.claims["ranks"] == [4, 1, 1, 1]
    assert f"fourth, with a low {as_said(ran.claims['scores'][0])}" in ran.text
    weights, tokens = own("The doctor bought a new car.", "The physician purchased an automobile.")
    words = [("doctor", "physician"), ("bought", "purchased"), ("car", "automobile")]
    score = partner_score(weights, [((tokens.index(a),), (tokens.index(b),)) for a, b in words])
    assert divmod(int(score.argmax()), 12) == (2, 9)
    assert ran.claims["scores"][3] == pytest.approx(score.max().item(), abs=1e-5)
