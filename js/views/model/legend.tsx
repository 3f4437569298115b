import { useLayoutEffect, useRef } from "preact/hooks";
import { unitOf } from "../../store/meta.js";
import { zeroAt } from "../shared/ground.js";
import { gradientOf } from "../shared/ramps.js";
import { Inks, weightStep } from "./paint.js";
import type { ModelState } from "./state.js";

const RAIL =
  "The bar at the left of each picture is what goes to it, the mean of a cell's queries.\n" +
  "Most heads give it most of their weight, which would hide all else.";

/** What the colours mean: whose scale it is, and what is drawn apart. */
export function Legend({ view }: { view: ModelState }) {
  const legend = useRef<HTMLDivElement>(null);
  const look = view.frame.look.value;
  useLayoutEffect(() => {
    if (legend.current === null) return;
    const inks = new Inks(look.theme, zeroAt(legend.current, look));
    legend.current.style.setProperty("--weights", gradientOf(inks.weights, weightStep));
    legend.current.style.setProperty(
      "--rail",
      gradientOf(inks.rail, (share) => Math.round(255 * share), "to bottom"),
    );
  }, [look]);
  const { most, means } = scaleOf(view);
  return (
    <div class="legend" ref={legend}>
      <div class="ramp" />
      <div class="ends">
        <span>0</span>
        <span>{most}</span>
      </div>
      <p>{means}</p>
      <p class="rail-note" data-hint={RAIL}>
        <i /> {firstOf(view)}, kept apart
      </p>
    </div>
  );
}

/** What the first position of the keys is. */
export function firstOf({ store }: ModelState): string {
  return `first ${unitOf(store.side("key"))}`;
}

function scaleOf(view: ModelState): { most: string; means: string } {
  const { intensity, measure, reduce } = view.store.settings.value;
  const what = measure === "weight" ? "weight" : "weight × norm of the value";
  const number = reduce === "max" ? ", the largest of each cell" : ", the share that goes to each cell";
  const cells = isPooled(view) ? number : "";
  if (intensity === "head")
    return {
      most: "largest of the head",
      means: `${what}${cells}; every head has its own scale, which ends at .25 or above`,
    };
  if (measure === "weight") return { most: "1", means: `${what}${cells}; one scale for all heads` };
  return { most: "largest of the layer", means: `${what}${cells}; one scale for all heads of a layer` };
}

/** Whether a cell stands for more than one pair of tokens. */
function isPooled({ store, question }: ModelState): boolean {
  const { size } = question.value;
  return store.side("query").labels.length > size || store.side("key").labels.length - 1 > size;
}
