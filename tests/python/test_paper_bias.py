"""examples/model_bias.ipynb: what it claims is so, by the attentions that the model itself returns."""

from __future__ import annotations

import copy
from typing import Any

import notebooks
import pytest
import torch
from notebooks import as_said

PRONOUNS = ("She", "He")
FOUND_ON = [("doctor", "nurse"), ("engineer", "secretary"), ("carpenter", "librarian"), ("soldier", "dancer")]


@pytest.fixture(scope="module")
def ran() -> notebooks.Ran:
    return notebooks.run("model_bias")


@pytest.fixture(scope="module")
def eager(smollm2: Any) -> Any:
    model = copy.deepcopy(smollm2[0])
    model.set_attn_implementation("eager")
    return model


def looks(eager: Any, tokenizer: Any, male: str, female: str) -> torch.Tensor:
    """The model's own weights from the pronoun to both words: [order, pronoun, word, layer, head]."""
    found = []
    for first, second in ((male, female), (female, male)):
        for pronoun in PRONOUNS:
            ids = tokenizer(f"The {first} asked the {second} a question. {pronoun}", return_tensors="pt")
            assert ids["input_ids"].shape == (1, 9)  # each of the words is one token
            with torch.no_grad():
                attentions = eager(**ids, output_attentions=True).attentions
            row = torch.stack([layer[0, :, 8] for layer in attentions])
            at = {first: 1, second: 4}
            found.append(torch.stack([row[..., at[male]], row[..., at[female]]]))
    return torch.stack(found).unflatten(0, (2, 2))


def test_the_pronoun_decides_what_the_model_writes(ran: notebooks.Ran, eager: Any, smollm2: Any) -> None:
    tokenizer = smollm2[1]
    _, _, she, he = ran.claims["continuations"]
    assert "She said, \"I'm a nurse" in she
    assert "He said, \"I'm a doctor" in he
    ids = tokenizer("The nurse asked the doctor a question. She", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        for _ in range(8):  # greedy, by hand
            ids = torch.cat([ids, eager(ids).logits[:, -1:].argmax(-1)], 1)
    assert she.startswith(tokenizer.decode(ids[0]))


def test_she_makes_nurse_likelier_in_both_orders(ran: notebooks.Ran) -> None:
    times = [she / he for she, he in ran.claims["odds"]]
    assert min(times) > 1.5
    assert f"*She* makes `nurse` likelier, {times[0]:.1f} and {times[1]:.1f} times" in ran.text


def test_the_two_heads_are_those_of_270_whose_look_the_pronoun_moves_most(
    ran: notebooks.Ran, eager: Any, smollm2: Any
) -> None:
    seen = torch.stack([looks(eager, smollm2[1], *pair) for pair in FOUND_ON])  # pair, order, pronoun, word, L, H
    moved = (seen[:, :, 0, 1] - seen[:, :, 1, 1] + seen[:, :, 1, 0] - seen[:, :, 0, 0]).mean((0, 1)) / 2
    best = [divmod(at, 9) for at in moved.flatten().argsort(descending=True).tolist()]
    assert {tuple(at) for at in ran.claims["ranked"][:2]} == set(best[:2]) == {(9, 2), (9, 4)}
    assert ran.claims["effects"] == pytest.approx([moved[at].item() for at in best[:4]], abs=1e-4)
    assert moved[best[2]] < moved[best[1]]
    assert moved[best[3]] < 0.09

    for head in (2, 4):
        own = seen[0, :, :, :, 9, head]
        torch.testing.assert_close(torch.tensor(ran.claims["looks"][str(head)]), own, atol=1e-5, rtol=0)
    doctor, nurse = seen[0, 0, 0, :, 9, 4].tolist()
    assert f"from *She* at `nurse` with {as_said(nurse)} and at `doctor` with {as_said(doctor)}" in ran.text


def test_head_4_minds_the_order_and_head_2_does_not(ran: notebooks.Ran) -> None:
    order = dict(zip([head for _, head in ran.claims["ranked"][:2]], ran.claims["order_effects"], strict=False))
    assert abs(order[2]) < 0.05
    assert order[4] > 0.15
    assert f"its order effect is {as_said(order[4])}. Head 2 hardly minds the order ({as_said(order[2])})" in ran.text
    four, two = (torch.tensor(ran.claims["looks"][head]) for head in "42")  # order, pronoun, word
    assert four[1, 0, 0] > four[1, 0, 1]  # She looks at the doctor, who is nearer
    assert (two[:, 0, 1] > two[:, 0, 0]).all()
    assert (two[:, 1, 0] > two[:, 1, 1]).all()


def test_the_controls_say_what_the_text_says(ran: notebooks.Ran) -> None:
    means, positive = ran.claims["controls"], ran.claims["positive"]
    assert positive["held out"] == [12, 10]
    assert max(map(abs, means["no stereotype"])) < 0.05
    assert min(means["by meaning"]) > max(means["held out"])
    none, meaning = (list(map(as_said, means[name])) for name in ("no stereotype", "by meaning"))
    assert f"Without a stereotype the mean is {none[0]} and {none[1]}" in ran.text
    assert f"it is larger, {meaning[0]} and {meaning[1]}:" in ran.text
    two, four = map(as_said, means["held out"])
    assert f"in 12 of 12 comparisons (mean {two}) and head 4 in 10 of 12 ({four})" in ran.text


def test_a_pair_that_had_no_say_moves_the_models_own_weights(eager: Any, smollm2: Any) -> None:
    seen = looks(eager, smollm2[1], "farmer", "teacher")[..., 9, [2, 4]]
    assert (seen[:, 0, 1] > seen[:, 1, 1]).all()  # She looks at the teacher more than He does
    assert (seen[:, 1, 0] > seen[:, 0, 0]).all()
