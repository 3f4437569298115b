"""The fixtures that hold the browser's arithmetic to Python's are what Python computes now.

After a wanted change: `python tests/fixtures/make_display.py`, `python tests/fixtures/make_arithmetic.py`,
`python tests/fixtures/make_selection.py`, `python tests/fixtures/make_files.py`.
"""

from __future__ import annotations

import json
import math
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
from saved_files import parts_of

from headscope.answers.display import DisplaySettings, ink, show
from headscope.answers.neurons import neurons
from headscope.recording.layers import formula
from headscope.recording.layers.masks import Mask
from headscope.recording.layers.record import Record
from headscope.recording.tokens.tokens import Tokens

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("display", "arithmetic", "selection", "files")


def stored(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def differences(now: Any, then: Any, path: str = "") -> list[str]:
    """List the places where two documents differ, numbers by more than 1e-6 of their size."""
    if isinstance(now, dict) and isinstance(then, dict) and now.keys() == then.keys():
        return [line for key in now for line in differences(now[key], then[key], f"{path}.{key}")]
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [
            line for at, pair in enumerate(zip(now, then, strict=True)) for line in differences(*pair, f"{path}[{at}]")
        ]
    numbers = isinstance(now, int | float) and isinstance(then, int | float)
    same = math.isclose(now, then, rel_tol=1e-6, abs_tol=1e-6) if numbers else now == then
    return [] if same else [f"{path}: {now!r} now, {then!r} stored"]


@pytest.mark.parametrize("name", NAMES)
def test_the_fixture_is_what_python_computes_now(name: str) -> None:
    now = runpy.run_path(str(FIXTURES / f"make_{name}.py"))["document"]()
    now = json.loads(json.dumps(now))
    assert differences(now, stored(name)) == [], f"if this is wanted: python tests/fixtures/make_{name}.py"


def test_saved_files_are_what_python_writes_now(tmp_path: Path) -> None:
    """But for the last digits of numbers, of which the answers above tell, and for who wrote them."""
    runpy.run_path(str(FIXTURES / "make_files.py"))["write"](tmp_path)
    stored_files = sorted((FIXTURES / "saved").iterdir())
    assert [path.name for path in sorted(tmp_path.iterdir())] == [path.name for path in stored_files]
    for path in stored_files:
        assert differences(form_of(tmp_path / path.name), form_of(path)) == [], "python tests/fixtures/make_files.py"


def form_of(path: Path) -> Any:
    """What a file says of itself, without what differs from machine to machine."""
    header, description, _ = parts_of(path)
    del header["__metadata__"], description["made_with"]
    for tensor in description["tensors"].values():
        del tensor["crc32"]
    for part in description["parts"]:
        for layer in part["layers"]:
            layer |= {"error": layer["error"] is not None, "reason": layer["reason"] != ""}
    return [header, description]


@pytest.mark.parametrize("name", NAMES)
def test_the_fixture_is_small_and_strict_json(name: str) -> None:
    text = (FIXTURES / f"{name}.json").read_text(encoding="utf-8")
    assert len(text) < 50_000
    json.loads(text, parse_constant=pytest.fail)


def test_a_changed_number_is_noticed() -> None:
    changed = stored("display")
    changed["cases"][0]["shown"]["attention"][0][0][0] += 1e-4
    assert len(differences(changed, stored("display"))) == 1


@pytest.mark.parametrize("case", stored("display")["cases"], ids=lambda case: f"{case['tokens']} {case['settings']}")
def test_what_is_shown_is_what_the_fixture_adds_up(case: dict[str, Any]) -> None:
    fixture, want = stored("display"), case["shown"]
    raw = torch.tensor([[numbers(row) for row in matrix] for matrix in fixture["weights"][case["weights"]]])
    if case["settings"]["measure"] == "value_norm":
        raw = raw * torch.tensor(fixture["norms"][case["weights"]])[:, None]
    tokens = Tokens(**fixture["tokens"][case["tokens"]])
    got = show(raw, tokens, tokens, DisplaySettings(**case["settings"]))
    assert [list(got.query_positions), list(got.key_positions)] == [want["query_positions"], want["key_positions"]]
    assert [list(got.query_labels), list(got.key_labels)] == [want["query_labels"], want["key_labels"]]
    expect_close(got.attention, flat(want["attention"]), 1e-6)
    expect_close(got.left, flat(want["left"]), 1e-6)
    expect_close(ink(got.left), flat(want["ink"]), 1e-6)


def flat(nested: list[Any]) -> list[Any]:
    return [number for item in nested for number in (flat(item) if isinstance(item, list) else [item])]


def numbers(values: list[Any]) -> list[float]:
    return [float(value) for value in values]


@pytest.mark.parametrize("case", stored("arithmetic")["cases"], ids=lambda case: case["name"])
def test_the_formula_of_the_packet_gives_the_weights_of_the_eager_run(case: dict[str, Any]) -> None:
    """The fixture's own claim, in plain Python: what JavaScript has to do, it can do."""
    header, expected = case["header"], numbers(case["weights"])
    if header["form"] == "weights":
        assert numbers(case["values"]["weights"]) == expected
        return
    for index, want in enumerate(expected):
        got = weight(header, case["values"], index)
        assert (math.isnan(got) and math.isnan(want)) or abs(got - want) <= case["tolerance"]


def weight(header: dict[str, Any], values: dict[str, Any], index: int) -> float:
    """Follow the packet's definition for one weight."""
    row, j = divmod(index, header["keys"])
    h, i = divmod(row, header["queries"])
    d = header["d"]
    if not values["start"][i] <= j < values["stop"][i] or not of_pair(header, values.get("visible"), index, 1):
        return 0.0
    group = h // (header["heads"] // header["groups"])
    query = numbers(values["query"][row * d :][:d])
    key = numbers(values["key"][(group * header["keys"] + j) * d :][:d])
    score = header["scaling"] * sum(q * k for q, k in zip(query, key, strict=True))
    if header["softcap"] is not None:
        score = header["softcap"] * math.tanh(score / header["softcap"])
    return math.exp(score + of_pair(header, values.get("bias"), index, 0) - float(values["lse"][row]))


def of_pair(header: dict[str, Any], table: list[Any] | None, index: int, default: float) -> float:
    """Read a number of a pair from a table of one head or of all."""
    return default if table is None else float(table[index % len(table)])


CASES = [case for case in stored("arithmetic")["cases"] if case["header"]["form"] == "vectors"]


def record(case: dict[str, Any]) -> Record:
    """What headscope would have recorded."""
    shapes = {one["name"]: one["shape"] for one in case["header"]["arrays"]}
    have = {name: torch.tensor(numbers(case["values"][name])).reshape(shape) for name, shape in shapes.items()}
    visible = have["visible"].bool() if "visible" in have else None
    mask = Mask(have["start"].long(), have["stop"].long(), visible)
    header = case["header"]
    return Record(
        part="self",
        layer=0,
        module="fixture",
        query=have["query"],
        key=have["key"],
        value=have["value"],
        scaling=header["scaling"],
        mask=mask,
        softcap=header["softcap"],
        bias=have.get("bias"),
        sinks=have.get("sink"),
    )


def expect_close(got: torch.Tensor, want: list[Any], tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(got.flatten(), torch.tensor(numbers(want)), atol=tolerance, rtol=0, equal_nan=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_headscope_s_own_weights_are_those_of_the_eager_run(case: dict[str, Any]) -> None:
    made = record(case)
    weights = formula.weights(made, torch.arange(made.heads), torch.arange(made.queries))
    expect_close(weights, case["weights"], max(1e-5, case["tolerance"]))


@pytest.mark.parametrize("case", [case for case in CASES if "terms" in case], ids=lambda case: case["name"])
def test_neurons_take_a_row_apart_as_the_fixture_does(case: dict[str, Any]) -> None:
    made, want = record(case), case["terms"]
    head, query = want["head"], want["query"]
    attention = formula.weights(made, torch.tensor([head]), torch.tensor([query]))[0, 0]
    got = neurons(made, head, query, attention)
    expect_close(got.dot, want["dot"], max(1e-5, case["tolerance"]))
    assert got.equation == want["equation"]
    assert got.terms.get("cap") == case["header"]["softcap"]
    assert got.terms.get("sink") == want["sink"]
    if want["bias"] is not None:
        expect_close(got.terms["bias"], want["bias"])
    if not all(want["seen"]):
        expect_close(got.terms["mask"], [0 if seen else "-Infinity" for seen in want["seen"]])


def test_arrays_of_a_packet_are_aligned_and_do_not_overlap() -> None:
    for case in stored("arithmetic")["cases"]:
        end = 0
        for array in case["header"]["arrays"]:
            assert array["offset"] % 8 == 0
            assert array["offset"] >= end
            assert len(case["values"][array["name"]]) == math.prod(array["shape"])
            end = array["offset"] + (1 if array["dtype"] == "uint8" else 4) * math.prod(array["shape"])
        assert end <= case["header"]["bytes"]
