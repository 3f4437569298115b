import { unitOf } from "../../store/meta.js";
import { gradientOf, signedStep, signRamp } from "../shared/ramps.js";
import { classes, px } from "../shared/style.js";
import { pinNeuron } from "./actions.js";
import { type NumberName, rightEdge, type StripPlace } from "./columns.js";
import { acrossOf } from "./frames.js";
import { scalingText } from "./numbers.js";
import { labelOf } from "./say.js";
import { Sentence } from "./sentence.js";
import { spread } from "./spread.js";
import type { NeuronState } from "./state.js";
import { QueryStrip } from "./strips.js";

const HEIGHT = 64;
/** The query's strip stands above the products where there is no column beside them. */
const HEIGHT_ALONE = 98;
const LEADER = 26;
const LEGEND = 80;
const ROOM_FOR_WORDS = 108;

/** What the columns are: the query's own vector, the marked neurons, and whose numbers stand at the right. */
export function Captions({ view }: { view: NeuronState }) {
  const { first, products, numbers } = view.columns.value;
  const isAlone = products !== null && first === null;
  return (
    <div class="neuron-captions">
      <div class="steady" style={{ height: px(isAlone ? HEIGHT_ALONE : HEIGHT) }}>
        {products !== null && <Query view={view} place={first ?? products} />}
        {first !== null && (
          <span class="caption low" style={{ left: px(first.left) }}>
            {{ key: "k", value: "value", query: "q" }[view.strip.value]}
            {first.width >= ROOM_FOR_WORDS && ` of each ${unitOf(view.store.side(view.side))}`}
          </span>
        )}
        {products !== null && <Marks view={view} place={products} top={isAlone ? HEIGHT_ALONE - HEIGHT : 0} />}
        {[...numbers].map(([name, { left, width }]) => (
          <span key={name} class="caption low right" style={{ left: px(left), width: px(width) }}>
            {captionOf(view, name)}
          </span>
        ))}
        <Legend view={view} />
      </div>
    </div>
  );
}

function Query({ view, place }: { view: NeuronState; place: StripPlace }) {
  const terms = view.terms.value;
  if (terms === null) return null;
  const token = labelOf(view, "query", view.head.queries.value.entryOf[terms.query]);
  const products = view.columns.value.products;
  const own: StripPlace | null = products && { ...products, left: place.left };
  const { neuron } = view.store.selection.value;
  const slot = neuron === null ? -1 : view.slots.value.indexOf(neuron);
  return (
    <>
      <span class="caption query" style={{ left: px(place.left), maxWidth: px(place.width) }} title={token}>
        {place.width < ROOM_FOR_WORDS ? "q" : <Sentence said={["q of ", { token }]} />}
      </span>
      {own !== null && (
        <span class="neuron-q" style={{ left: px(own.left) }}>
          <QueryStrip view={view} place={own} />
          {slot >= 0 && <i class="neuron-frame pinned" style={acrossOf({ ...own, left: 0 }, slot)} />}
        </span>
      )}
    </>
  );
}

/** The marked neurons' numbers, spread so that they can be read, with lines that lead to their columns. */
function Marks({ view, place, top }: { view: NeuronState; place: StripPlace; top: number }) {
  const { neuron: pinned } = view.store.selection.value;
  const { slots } = view;
  const isPinnedThere = pinned !== null && slots.value.includes(pinned);
  const marked = [...new Set([...view.marked.value, ...(isPinnedThere ? [pinned] : [])])];
  const ordered = marked
    .map((neuron) => ({ neuron, slot: slots.value.indexOf(neuron) }))
    .sort((a, b) => a.slot - b.slot);
  const ends = ordered.map(({ slot }) => (slot + 0.5) * place.px);
  const middles = spread(ends, -2, place.width + 2);
  const isContrast = view.store.settings.value.order === "contrast";
  return (
    <>
      <span class="caption" style={{ left: px(place.left), top: px(top) }}>
        q × k{isContrast && ", minus its mean"}
      </span>
      <svg
        class="leaders"
        style={{ left: px(place.left), top: px(top + HEIGHT - LEADER) }}
        width={place.width}
        height={LEADER}
        aria-hidden="true"
      >
        {ends.map((end, at) => (
          <path key={`${at}`} d={`M${middles[at]} 0V5L${end} 19V25`} />
        ))}
      </svg>
      {ordered.map(({ neuron }, at) => (
        <button
          key={`${at}`} // as many as before: those that are new would lay out the page
          type="button"
          tabIndex={-1}
          class={classes("neuron-mark", { pinned: neuron === pinned })}
          style={{ left: px(place.left + middles[at]), top: px(top + 17) }}
          aria-label={`Neuron ${neuron}`}
          aria-pressed={neuron === pinned}
          onClick={view.frame.guard(() => pinNeuron(view, neuron))}
        >
          {neuron}
        </button>
      ))}
    </>
  );
}

function captionOf(view: NeuronState, name: NumberName): string {
  if (name === "cosine") return "cosine with the mean";
  if (name !== "dot") return name === "measure" ? "× norm" : name;
  const vectors = view.terms.value?.vectors;
  if (vectors === undefined) return "";
  const isRoot = Math.abs(vectors.scaling * Math.sqrt(vectors.d) - 1) < 1e-6;
  return `q·k${isRoot ? ` ÷ √${vectors.d}` : scalingText(vectors.scaling)}`;
}

function Legend({ view }: { view: NeuronState }) {
  const { theme } = view.frame.look.value;
  const ramp = signRamp(theme, theme === "dark" ? "1b1d21" : "f4f4f4");
  const background = gradientOf(ramp, (share) => signedStep(2 * share - 1, 1));
  return (
    <span class="neuron-legend" style={{ left: px(rightEdge(view.columns.value) - LEGEND) }}>
      − <i style={{ background }} /> +
    </span>
  );
}
