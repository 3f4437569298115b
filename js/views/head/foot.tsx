import { percent, short, spoken } from "../shared/format.js";
import { Label } from "../shared/label.js";
import type { Place } from "./focus.js";
import type { ViewState } from "./state.js";

/** Stops of the slider: even steps would leave most of the interesting weights in its first millimetre. */
const STOPS = [
  0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7,
  0.8, 0.9, 1,
];

export function Foot({ view }: { view: ViewState }) {
  return (
    <footer class="pane-foot foot">
      <Threshold view={view} />
    </footer>
  );
}

function Threshold({ view }: { view: ViewState }) {
  const { threshold } = view.store.settings.value;
  const isNorm = view.picture.value?.measure === "value_norm";
  return (
    <div class="line threshold">
      <label>
        hide lines under
        <input
          type="range"
          min={0}
          max={STOPS.length - 1}
          value={nearestStop(threshold)}
          aria-label={isNorm ? "Hide lines under this share of the largest" : "Hide lines under a weight of"}
          aria-valuetext={String(threshold)}
          onInput={view.guard((event) => view.store.preview({ threshold: chosen(event) }))}
          onChange={view.guard((event) => view.store.set({ threshold: chosen(event) }))}
        />
      </label>
      <span class="stop">{threshold < 0.005 ? String(threshold) : short(threshold)}</span>
      {isNorm && <span>of the layer's largest</span>}
      <Share view={view} />
    </div>
  );
}

function chosen(event: Event & { currentTarget: HTMLInputElement }): number {
  return STOPS[Number(event.currentTarget.value)];
}

function nearestStop(threshold: number): number {
  const distance = (stop: number) => Math.abs(stop - threshold);
  return STOPS.reduce((best, stop, index) => (distance(stop) < distance(STOPS[best]) ? index : best), 0);
}

/** What the threshold leaves out: of a pinned token's weight, else of all that is in view. */
function Share({ view }: { view: ViewState }) {
  const share = view.share.value;
  const { pinned } = view;
  if (Number.isNaN(share) || view.store.loading.value.state !== "ready") return null;
  return (
    <span class="share">
      drawn lines hold {percent(share)} of the {view.measured} {pinned === null ? "in view" : ofPinned(view, pinned)}
    </span>
  );
}

function ofPinned(view: ViewState, { side, entry }: Place) {
  const { label } = view.axis(side).entries[entry];
  return (
    <>
      {side === "query" ? "from" : "to"} <Label text={spoken(label)} />
    </>
  );
}
