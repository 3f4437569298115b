import { useLayoutEffect, useRef } from "preact/hooks";
import { Inks, weightStep } from "../../model/paint.js";
import { zeroAt } from "../../shared/ground.js";
import { Intensity } from "../../shared/intensity.js";
import { gradientOf } from "../../shared/ramps.js";
import type { MapState } from "./state.js";

/** What the colours mean. */
export function MapLegend({ map }: { map: MapState }) {
  const { view } = map;
  const ramp = useRef<HTMLElement>(null);
  const look = view.look.value;
  useLayoutEffect(() => {
    if (ramp.current === null) return;
    ramp.current.style.background = gradientOf(new Inks(look.theme, zeroAt(ramp.current, look)).weights, weightStep);
  }, [look]);
  const { reduce, measure } = map.head.value ?? {};
  const isOwn = view.store.settings.value.intensity === "head";
  const isNorm = measure === "value_norm";
  const what = isNorm ? "weight × norm" : "weight";
  return (
    <div class="line map-legend muted small">
      <span class="heat-scale">
        <span>0</span>
        <i class="heat-ramp" ref={ramp} />
        <span>{isOwn ? "largest in sight" : isNorm ? "largest norm" : "1"}</span>
      </span>
      <span>
        {reduce === "max" ? `largest ${what} of a cell` : `share of the ${what} in a cell`}
        {reduce === "mean" && !isNorm && "; a row adds up to 1"}
      </span>
      <span class="spring" />
      <Intensity store={view.store} frame={view.frame} />
    </div>
  );
}
