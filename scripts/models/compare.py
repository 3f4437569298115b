"""One model type: built, captured, and every layer compared with the model's own map."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence

import torch

import headscope as hs
from headscope.answers.report import LayerReport
from headscope.errors import HeadscopeError, NoAttention, RefusedLayer
from models.build import Built, NotBuiltError, build
from models.forced import Forced
from models.inputs import forward
from models.kinds import model_class
from models.recipes import NO_MAPS
from models.reference import Map, eager_copy, own_maps
from models.result import Result
from models.windows import Orders, captured, together

EXACT = 1e-5
UNLIKE = 1e-3
"""From here on, relative outputs of default and eager attention are not the same function."""
CERTIFIED = 1e-4


def compare(model_type: str) -> Result:
    """Build, capture and compare one type."""
    result = Result(model_type)
    begin = time.perf_counter()
    try:
        built = build(model_type)
        result.kind = type(built.model).__name__
        _compare(built, result)
    except NotBuiltError as error:
        result.status, result.detail = "not built", str(error)
        try:
            result.kind = model_class(model_type).__name__
        except Exception:
            result.kind = ""
    result.seconds = round(time.perf_counter() - begin, 2)
    return result


def _compare(built: Built, result: Result) -> None:
    maps = _maps(built, result)
    made = _captured(built, maps, result)
    if made is None:
        return
    capture, orders = made
    paired = _paired(capture, maps)
    peaks = [float(own.weights.float().amax(-1).nanmean()) for _, own in paired if own is not None]
    result.peak = sum(peaks) / max(1, len(peaks))
    differing = [(report, own) for report, own in paired if _differs(capture, report, own, orders, result)]
    if differing:
        _explain(built, (capture, orders), differing, result)
    reports = capture.layers
    result.tiers = sorted({report.tier for report in reports if not report.refused})
    result.certificate = max((report.error or 0.0 for report in reports if not report.refused), default=0.0)
    for report in reports:
        if report.refused:
            named = result.refused if report.has_map else result.without
            named.append(f"{report.part} {report.layer}: {report.reason}")
    result.wrong += _passed_over(maps, paired) + _uncertified(reports)
    result.status = _status(result)
    if result.status == "refused":
        result.compared = len(maps)


def _captured(built: Built, maps: list[Map], result: Result) -> tuple[hs.Capture, Orders] | None:
    """The capture, and the orders of its windows; where there is none, the result says why."""
    try:
        return captured(built.model, built.inputs)
    except NoAttention as refusal:
        result.detail = str(refusal)
        result.status = "wrong" if maps else "no attention"
        result.wrong = [f"{one.module}: not seen" for one in maps]
    except HeadscopeError as refusal:
        result.status, result.refused = "refused", [f"{type(refusal).__name__}: {refusal}"]
        result.compared = len(maps)
    except Exception as error:
        result.status, result.wrong = "wrong", [f"capture raised {type(error).__name__}: {error}"]
    return None


def _differs(capture: hs.Capture, report: LayerReport, own: Map | None, orders: Orders, result: Result) -> bool:
    """Ask for the weights of one layer; whether they differ from the model's own by more than the tolerance."""
    if report.refused:
        return False
    try:
        answer = capture.attention(report.layer, part=report.part)
    except RefusedLayer:
        return False
    except Exception as error:
        result.wrong.append(f"{report.module}: attention() raised {type(error).__name__}: {error}")
        return False
    result.layers += 1
    if own is None:
        return False
    result.compared += 1
    result.returned += own.field != ""
    result.wrong += _misnumbered(report, own, capture.layers)
    difference = _difference(answer, own, orders.get(report.module))
    if isinstance(difference, str):
        result.wrong.append(f"{report.module}: {difference}")
        return False
    result.error = max(result.error, difference)
    return difference > EXACT


def _uncertified(reports: tuple[LayerReport, ...]) -> list[str]:
    shown = [report for report in reports if not report.refused]
    return [
        f"{one.module}: certificate {one.error}" for one in shown if one.error is not None and one.error > CERTIFIED
    ]


def _passed_over(maps: list[Map], paired: list[tuple[LayerReport, Map | None]]) -> list[str]:
    """Maps of the model that the capture neither has nor speaks of."""
    found = [own for _, own in paired if own is not None]
    said = " ".join(report.reason for report, _ in paired)
    modules = [report.module for report, _ in paired]
    rest = [one for one in maps if one not in found and not (one.module and one.module in said)]
    return [
        f"{one.module or one.field}[{one.place}]: the model has a map, the capture neither layer nor refusal"
        for one in rest
        if one.field or not any(one.module == module or _related(one.module, module) for module in modules)
    ]


def _status(result: Result) -> str:
    if result.wrong:
        return "wrong"
    if not result.layers:
        return "refused"
    if result.refused:
        return "partly"
    return "exact" if result.compared else "certified"


def _maps(built: Built, result: Result) -> list[Map]:
    """The model's own maps; outputs named attentions that are none are told by name."""
    try:
        twin = eager_copy(built.model)
    except Exception as error:
        result.detail = f"no eager copy: {type(error).__name__}: {error}"
        return []
    try:
        maps = own_maps(twin, built.inputs)
    except Exception as error:
        raise NotBuiltError(f"{type(error).__name__}: {error}") from error
    known = NO_MAPS.get(result.type)
    others = [one for one in maps if not one.is_map()]
    if others:
        named = Counter(one.field for one in others)
        shapes = {one.field: list(one.weights.shape) for one in others}
        why = known or "not known why"
        result.no_maps = [f"{name} ({count}, {shapes[name]}): {why}" for name, count in named.items()]
    return [one for one in maps if one.is_map()]


def _paired(capture: hs.Capture, maps: list[Map]) -> list[tuple[LayerReport, Map | None]]:
    """Each layer of the capture with the model's own map of the same module; of several calls, in their order.

    What the model returns comes first; then what its modules were seen to make.
    """
    reports, returned = list(capture.layers), [one for one in maps if one.field]
    found: dict[int, Map] = {}
    for known in (returned, [one for one in maps if not one.field]):
        rest = list(known)
        for at, report in enumerate(reports):
            same = [one for one in rest if one.module == report.module]
            around = [one for one in rest if one.module and _related(one.module, report.module)]
            own = next(iter(same or around), None)
            if own is not None and at not in found:
                rest.remove(own)
                found[at] = own
        if known is returned:
            found |= _by_place(reports, found, [one for one in rest if not one.module])
    return [(report, found.get(at)) for at, report in enumerate(reports)]


def _by_place(reports: list[LayerReport], found: dict[int, Map], rest: list[Map]) -> dict[int, Map]:
    """Maps of unknown modules, for the layers of their part, where there are as many."""
    fields = {"encoder": "encoder_attentions", "decoder": "decoder_attentions", "cross": "cross_attentions"}
    more: dict[int, Map] = {}
    for part in dict.fromkeys(report.part for report in reports):
        lonely = [at for at, report in enumerate(reports) if at not in found and report.part == part]
        maps = [one for one in rest if one.field == fields.get(part, "attentions")]
        if len(lonely) == len(maps):
            more |= dict(zip(lonely, maps, strict=True))
    return more


def _related(one: str, other: str) -> bool:
    return one.startswith(other + ".") or other.startswith(one + ".")


def _misnumbered(report: LayerReport, own: Map, reports: Sequence[LayerReport]) -> list[str]:
    """Whether a layer's number is not the only one in its module's name, or its part not that of the model's output."""
    said = []
    numbers = _numbers(own.module)
    others = [_numbers(one.module) for one in reports if one.part == report.part]
    if len(numbers) == others.count(numbers) == 1 == max(map(len, others)) and numbers[0] != report.layer:
        said.append(f"{report.module}: layer {report.layer}")
    part = re.match(r"(encoder|decoder|cross)_attentions$", own.field)
    if part and report.part in ("encoder", "decoder", "cross") and report.part != part[1]:
        said.append(f"{report.module}: part {report.part} and not {part[1]}")
    return said


def _numbers(module: str) -> list[int]:
    return [int(name) for name in module.split(".") if name.isdecimal()]


def _difference(answer: torch.Tensor, own: Map, order: torch.Tensor | None) -> float | str:
    whole = together(own.weights.float(), answer.shape, order)
    expected = _without_padding(_out_of_band(whole, answer.shape), answer.shape)
    if answer.shape != expected.shape:
        return f"the model's own map is {list(expected.shape)}, the capture's {list(answer.shape)}"
    if own.is_mean():
        answer, expected = answer.mean(0), expected[0]
    known = expected.isfinite()
    difference = (answer - expected)[known].abs().max()
    return "not finite where the model's own map is" if difference.isnan() else float(difference)


def _out_of_band(weights: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Weights of the keys around each query [heads, queries, 2 w + 1], as Longformer returns them, at their places."""
    heads, queries, keys = shape
    width = weights.shape[-1]
    if weights.shape[1] != queries or queries != keys or width >= keys or width % 2 == 0:
        return weights
    places = torch.arange(queries)[:, None] + torch.arange(width) - width // 2
    inside = (places >= 0) & (places < keys)
    whole = torch.zeros(heads, queries, keys)
    rows = torch.arange(queries)[:, None].expand_as(places)
    whole[:, rows[inside], places[inside]] = weights[:, inside]
    return whole


def _without_padding(weights: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """The model's own map [heads, queries, keys] without the last tokens, if none is seen and they are not captured."""
    _, queries, keys = shape
    padded = not weights[:, :queries, keys:].any()
    return weights[:, :queries, :keys] if padded else weights


def _explain(
    built: Built, made: tuple[hs.Capture, Orders], differing: list[tuple[LayerReport, Map]], result: Result
) -> None:
    """Tell an error from what the model's own default and eager forwards differ by."""
    capture, orders = made
    forced = Forced({own.module for _, own in differing})
    with forced.noted(built.model):
        forward(built.model, built.inputs)
    maps = own_maps(eager_copy(built.model), built.inputs, forced)
    for report, own in differing:
        again = next((one for one in maps if one.stands_for(own)), own)
        error = _difference(capture.attention(report.layer, part=report.part), again, orders.get(report.module))
        if isinstance(error, float) and error <= EXACT:
            result.drifted += 1
        elif forced.differences.get(own.module, 0.0) > UNLIKE and _eager_is_exact(built, report, own):
            result.unlike.append(
                f"{report.module}: given the same states, its default and its eager attention return what differs by "
                f"{forced.differences[own.module]:.0e} of the largest; the eager one, captured, is exact or refused"
            )
        else:
            result.wrong.append(f"{report.module}: given the same states, differs by {error} from the eager map")


def _eager_is_exact(built: Built, report: LayerReport, own: Map) -> bool:
    """Whether a capture of the eager copy has the eager map, or refuses to show it."""
    capture, orders = captured(eager_copy(built.model), built.inputs)
    try:
        error = _difference(capture.attention(report.layer, part=report.part), own, orders.get(report.module))
    except RefusedLayer:
        return True
    return isinstance(error, float) and error <= EXACT
