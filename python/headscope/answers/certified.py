"""The recorded layers of a capture, each with its certificate; the only way to their weights."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import torch

from headscope.answers import tile
from headscope.answers.frames import Pictured, Wanted, frame_of
from headscope.answers.kept_pictures import KeptPictures
from headscope.answers.measure import Measure, by_value_norm
from headscope.answers.report import LayerReport
from headscope.answers.threads import few_threads
from headscope.answers.walk import Pause, Pictures, Walked, may_be_known, walk, walk_known, weights_of
from headscope.errors import CaptureClosed, NoVectors, RefusedLayer, UnknownProjection
from headscope.recording.layers import certificate, formula, projection
from headscope.recording.layers.certificate import Finding
from headscope.recording.layers.differences import Weigh
from headscope.recording.layers.record import AnyRecord, KeptWeights, Record, Refusal

ROWS_BY_LSE = 64
"""Columns of more rows than this are computed from the rows' log-sum-exp, which is kept."""


class CertifiedLayers:
    """Records by layer number. Safe to be read by several threads.

    Attributes
    ----------
    reports : dict of int to LayerReport
        What is known of each layer, in order; it changes when a layer is first read.
    """

    def __init__(self, layers: list[AnyRecord | Refusal]) -> None:
        self._lock = threading.RLock()
        self._records: dict[int, AnyRecord] = {}
        self._findings: dict[int, Finding] = {}
        self._confirmed: set[int] = set()
        self._lse: dict[int, torch.Tensor] = {}
        self._norms: dict[int, torch.Tensor] = {}
        self._largest: dict[int, float] = {}
        self._pictures = KeptPictures()
        self._likely: Pictured | None = None
        self._just_computed: tuple[int, list[formula.Stripe]] | None = None
        self.reports: dict[int, LayerReport] = {}
        for layer in sorted(layers, key=lambda one: (one.layer, isinstance(one, Refusal))):
            self._report(self._certify(layer))

    def read(self, layer: int, *, pictured: bool = False) -> AnyRecord:
        """The record of a layer; RefusedLayer where it cannot be trusted. Confirms the layer when first read.

        With `pictured`, the weights that this takes are kept for the pictures that are asked for next.
        """
        with self._lock:
            if layer in self._records and layer not in self._confirmed:
                self.reports[layer] = self._confirm(layer, pictured)
            if self.reports[layer].refused:
                raise RefusedLayer(self.reports[layer].reason)
            if layer not in self._records:  # cleared by another thread
                raise CaptureClosed("this capture was closed. Capture again.")
            return self._records[layer]

    def heads_to_picture(self, layer: int) -> int:
        """Number of heads of a layer that pictures are asked of next; RefusedLayer where it cannot be trusted."""
        return self.read(layer, pictured=True).heads

    def read_vectors(self, layer: int) -> Record:
        """The record of a layer whose vectors are known; NoVectors where only its weights are."""
        record = self.read(layer)
        if isinstance(record, KeptWeights):
            raise NoVectors(f"layer {layer} ({record.module}): no queries and keys are known: {record.why}")
        return record

    def weigh(self, layer: int, measure: Measure = "weight") -> Weigh:
        """The way to compute whole rows of a layer that agrees with the model."""
        with self._lock:
            self.read(layer)
            weigh = self._findings[layer].weigh
        return weigh if measure == "weight" else by_value_norm(weigh, self.value_norms(layer))

    def by_formula(self, layer: int) -> bool:
        """Whether the equation of `formula.py` is the layer's own."""
        return self.weigh(layer) is formula.weights

    @formula.exactly()
    def weights(
        self,
        layer: int,
        heads: torch.Tensor,
        rows: torch.Tensor,
        columns: torch.Tensor | None,
        measure: Measure = "weight",
    ) -> torch.Tensor:
        """What `measure` says of a layer, float32 [heads, rows, columns]; all columns if None."""
        record = self.read(layer)
        at = record.device
        heads, rows = heads.to(at), rows.to(at)
        columns = None if columns is None else columns.to(at)
        if columns is not None and len(rows) > ROWS_BY_LSE and self.by_formula(layer):
            weights = formula.weights_at_keys(
                self.read_vectors(layer), heads, rows, columns, self.lse(layer)[heads[:, None], rows]
            )
            return weights if measure == "weight" else weights * self.value_norms(layer)[heads][:, None, columns]
        weigh = self.weigh(layer, measure)
        with few_threads(len(heads) * len(rows) * record.keys, at):
            answers = [weigh(record, heads, stripe) for stripe in formula.stripes(rows, len(heads) * record.keys)]
            return torch.cat([answer if columns is None else answer[..., columns] for answer in answers], dim=1)

    @formula.exactly()
    def tile(self, layer: int, head: int, cut: tile.Cut, measure: Measure) -> torch.Tensor:
        """What `measure` says of a rectangle of one head, pooled, float32 [rows, columns] on the CPU."""
        record = self.read(layer)
        if isinstance(record, Record) and self.by_formula(layer):
            norms = None if measure == "weight" else self.value_norms(layer)
            lse = self._lse.get(layer)
            if lse is not None:
                stripe = tile.by_lse(record, head, lse, norms)
                return tile.pooled(stripe, max(1, tile.WEIGHTS_AT_ONCE // cut.width), cut)
            # Whole rows of one head are less work than the log-sum-exp of all heads.
            stripe = tile.by_rows(record, head, self.weigh(layer, measure))
            return tile.pooled(stripe, max(1, tile.WEIGHTS_AT_ONCE // max(1, record.keys)), cut)
        stripe = tile.by_rows(record, head, self.weigh(layer, measure))
        return tile.pooled(stripe, formula.rows_at_once(record.heads * record.keys), cut)

    def lse(self, layer: int, pause: Pause | None = None) -> torch.Tensor:
        """Log-sum-exp of every row of scores, sinks included, float64 [heads, queries]."""
        record = self.read_vectors(layer)
        known = self._lse.get(layer)
        if known is not None:
            return known
        if self.by_formula(layer):
            walked = self._walk(layer, self._likely, pause)  # its pictures are made along with it
        else:
            with formula.exactly():
                walked = walk(record, formula.weights, None, pause=pause)
        assert walked.lse is not None
        return walked.lse

    def is_pictured(self, layer: int, size: int) -> bool:  # noqa: ARG002  # files know
        """Whether pictures of its weights, of so many cells a side, stand in a file."""
        return False

    def pictures(self, layer: int, pictured: Pictured, pause: Pause | None = None) -> Pictures:
        """Pictures of all heads of a layer."""
        if pictured.is_kept:
            with self._lock:
                kept = self._pictures.get(layer, pictured.wanted)
                if kept is not None:
                    return kept
                if pictured.wanted.measure == "weight":
                    self._likely = pictured
        return self._walk(layer, pictured, pause).pictures

    @formula.exactly()
    def _walk(self, layer: int, pictured: Pictured | None, pause: Pause | None) -> Walked:
        """Go over a layer once, without holding up what others ask meanwhile, and keep what was found."""
        record, weigh = self.read(layer), self.weigh(layer)
        known = None if pictured is None else self._take_computed(layer)
        norms = None
        if pictured is not None and pictured.wanted.measure == "value_norm":
            norms = self.value_norms(layer)
        frame = None if pictured is None else pictured.frame
        with few_threads(weights_of(record), record.device, pause) as pause_as_usual:
            if isinstance(record, Record) and known is not None and frame is not None and weigh is formula.weights:
                walked = walk_known(record, known, frame, norms, pause_as_usual)
            else:
                walked = walk(record, weigh, frame, norms, pause_as_usual)
        with self._lock:
            if layer in self._records:  # else it was cleared meanwhile
                if walked.lse is not None:
                    self._lse[layer] = walked.lse
                if pictured is not None and pictured.is_kept:
                    self._pictures.put(layer, pictured.wanted, walked.pictures)
        return walked

    def _take_computed(self, layer: int) -> list[formula.Stripe] | None:
        """All weights of a layer that was read for the first time just now; they are given away once."""
        with self._lock:
            if self._just_computed is None or self._just_computed[0] != layer:
                return None
            _, known = self._just_computed
            self._just_computed = None
            return known

    @formula.exactly()
    def value_norms(self, layer: int) -> torch.Tensor:
        """Norm of each value vector as it enters the layer's output, float32 [heads, keys], or UnknownProjection."""
        with self._lock:
            record = self.read(layer)
            if isinstance(record, KeptWeights):
                raise UnknownProjection(f"layer {layer} ({record.module}): no values are known: {record.why}")
            if layer not in self._norms:
                size = (record.heads * record.value.shape[-1]) ** 2  # of the projection, which is most of the work
                with few_threads(max(size, weights_of(record)), record.device):
                    self._norms[layer] = projection.value_norms(record, projection.find_projection(record))
            return self._norms[layer]

    def largest(self, layer: int, measure: Measure, size: int = 1, pause: Pause | None = None) -> float:
        """The largest number of a layer on its own scale: 1 for weights, else what the largest pair of any head has.

        Read off the pictures of `size` cells a side, which are kept where they are not large.
        """
        if measure == "weight":
            return 1.0
        if layer not in self._largest:
            record = self.read(layer)
            every = torch.arange(record.queries), torch.arange(record.keys)
            pictured = frame_of(Wanted(size, measure), *every, record.heads, "max", apart=False)
            largest = self.pictures(layer, pictured, pause)["max"][0]
            self._largest[layer] = float(largest.nan_to_num().max())
        return self._largest[layer]

    def tensors(self) -> Iterator[torch.Tensor]:
        """Every tensor held. Waits for nobody: whoever asks may hold the lock of other layers."""
        yield from (tensor for record in list(self._records.values()) for tensor in record.tensors())
        yield from list(self._lse.values())
        yield from list(self._norms.values())
        yield from self._pictures.tensors()
        yield from (one for known in (self._just_computed or (0, []))[1] for one in known.tensors())

    def clear(self) -> None:
        """Let go of everything but the reports."""
        with self._lock:
            for kept in (self._records, self._findings, self._lse, self._norms, self._pictures):
                kept.clear()
            self._just_computed = None

    def _report(self, report: LayerReport) -> None:
        """Keep a report; of two modules in one layer the recorded one is the layer, the other a remark on it."""
        known = self.reports.get(report.layer)
        if known is not None:
            report = replace(known, reason=f"{known.reason} {report.reason}".strip())
        self.reports[report.layer] = report

    def _certify(self, layer: AnyRecord | Refusal) -> LayerReport:
        if isinstance(layer, Refusal):
            return LayerReport(
                layer.part, layer.layer, 0, 0, layer.module, 0, None, layer.reason, has_map=layer.has_map
            )
        try:
            finding = self._first_finding(layer)
        except RefusedLayer as refusal:
            return LayerReport(layer.part, layer.layer, 0, 0, layer.module, layer.tier, None, str(refusal))
        self._records[layer.layer] = layer
        self._findings[layer.layer] = finding
        return LayerReport(
            part=layer.part,
            layer=layer.layer,
            heads=layer.heads,
            kv_heads=layer.groups,
            module=layer.module,
            tier=layer.tier,
            error=finding.error,
            reason=layer.why if isinstance(layer, KeptWeights) else _said_of(finding),
            not_finite=layer.not_finite,
        )

    @formula.exactly()
    def _first_finding(self, layer: AnyRecord) -> Finding:
        if isinstance(layer, KeptWeights):
            return Finding(layer.error, kept_weights, "the weights themselves")
        return certificate.certify(layer)

    @formula.exactly()
    def _confirm(self, layer: int, pictured: bool) -> LayerReport:
        report, record = self.reports[layer], self._records[layer]
        if isinstance(record, KeptWeights):
            self._confirmed.add(layer)
            return report
        self._just_computed = None
        is_kept = pictured and record.traces is not None and self._findings[layer].weigh is formula.weights
        try:
            with few_threads(weights_of(record), record.device):
                known = list(formula.striped(record)) if is_kept and may_be_known(record) else None
                finding = certificate.confirm(record, self._findings[layer], known)
        except RefusedLayer as refusal:
            del self._records[layer]
            return replace(report, heads=0, kv_heads=0, error=None, reason=str(refusal))
        said = report.reason if finding.method == self._findings[layer].method else _said_of(finding)
        if known is not None and finding.weigh is formula.weights:
            self._just_computed = layer, known
        self._findings[layer] = finding
        self._confirmed.add(layer)
        return replace(report, error=finding.error, reason=said)


def kept_weights(record: KeptWeights, heads: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Weights of whole rows, float32 [h, r, K], as they were kept."""
    return record.weights[heads[:, None], rows].float()


def _said_of(finding: Finding) -> str:
    if finding.error is None:
        return "computed from the vectors that were handed in; there was no forward to compare with"
    return "" if finding.weigh is formula.weights else f"computed by {finding.method}"
