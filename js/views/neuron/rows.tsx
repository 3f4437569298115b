import { ROW } from "../head/layout.js";
import { exact } from "../shared/format.js";
import { headColour } from "../shared/palette.js";
import { classes, px } from "../shared/style.js";
import { type NumberName, type NumberPlace, rightEdge } from "./columns.js";
import { fixed } from "./numbers.js";
import { labelOf } from "./say.js";
import type { NeuronState } from "./state.js";
import type { Terms } from "./terms.js";

/** The numbers of the rows in view, as text with bars; what a mask hides says so. */
export function Rows({ view }: { view: NeuronState }) {
  const { first, last } = view.head.inView(view.side);
  return (
    <ul
      class="neuron-rows"
      style={{ width: px(rightEdge(view.columns.value)) }}
      aria-label={view.terms.value === null ? "Queries" : "Weights of the keys"}
      data-layer={view.subject.value?.layer.layer}
      data-head={view.subject.value?.head}
      data-query={view.terms.value?.query}
    >
      {Array.from({ length: last - first }, (_, index) => (
        <Row key={first + index} view={view} entry={first + index} isFirst={index === 0} />
      ))}
    </ul>
  );
}

interface Props {
  view: NeuronState;
  entry: number;
}

function Row({ view, entry, isFirst }: Props & { isFirst: boolean }) {
  const { side } = view;
  const terms = view.terms.value;
  const position = view.position(side, entry);
  const isMasked = terms !== null && terms.seen[position] === 0;
  const isPinned = view.head.pins.value[side] === entry;
  const hover = view.head.stay.value;
  return (
    <li
      class={classes("neuron-row", {
        told: view.told.value === entry,
        lit: isPinned || (hover?.side === side && hover.entry === entry),
        pinned: isPinned,
      })}
      style={{ top: px(entry * ROW), height: px(ROW) }}
      data-row={entry}
      {...(terms === null ? {} : exactTerms(terms, position))}
    >
      <span class="unseen">{labelOf(view, side, entry)}</span>
      {isMasked ? maskedOf(view, terms, entry, isFirst) : numbersOf(view, position)}
    </li>
  );
}

/** All terms of the row's weight, unrounded: what the numbers shown stand for. */
function exactTerms(terms: Terms, key: number) {
  return {
    "data-position": key,
    "data-dot": terms.dot[key],
    "data-cap": terms.cap ?? undefined,
    "data-bias": terms.bias?.[key],
    "data-mask": terms.seen[key] === 1 ? 0 : "-Infinity",
    "data-sink": terms.sink ?? undefined,
    "data-weight": terms.shown[key],
  };
}

/** Said once for a run of masked keys, and again at the top of the window. */
function maskedOf(view: NeuronState, terms: Terms, entry: number, isFirst: boolean) {
  const isRun = entry > 0 && !isFirst && terms.seen[view.position("key", entry - 1)] === 0;
  if (isRun) return <span class="unseen">masked</span>;
  const { entryOf } = view.head.queries.value;
  const isLater = view.sameTokens && view.position("key", entry) > terms.query;
  const { first, products } = view.columns.value;
  const left = (first ?? products)?.left ?? 0;
  return (
    <span class="masked" style={{ left: px(left) }}>
      masked: {isLater ? "not yet seen" : "not seen"} by{" "}
      <span class="tok">{labelOf(view, "query", entryOf[terms.query])}</span>
    </span>
  );
}

/** No components: a pointer that moves changes hundreds of numbers. */
function numbersOf(view: NeuronState, position: number) {
  const edge = rightEdge(view.columns.value);
  return [...view.columns.value.numbers].map(([name, place]) => {
    const { value, text } = numberOf(view, name, position);
    return [
      place.bar > 0 && barOf(view, name, value, place),
      <span key={name} class="neuron-number" data-name={name} style={{ right: px(edge - place.left - place.width) }}>
        {text}
      </span>,
    ];
  });
}

/** As a background, for which nothing is laid out. From zero to the right; where there are negative numbers, zero lies a third along. */
function barOf(view: NeuronState, name: NumberName, value: number, place: NumberPlace) {
  const scale = name === "dot" ? view.dotScale.value : { least: 0, most: 1 };
  const room = place.bar;
  const zero = scale.least < 0 ? Math.round((room * -scale.least) / (scale.most - scale.least)) : 0;
  const size = Math.max(1, (Math.abs(value) * room) / (scale.most - scale.least || 1));
  const { head } = view.store.drawn.value;
  const colour = name === "softmax" ? headColour(head ?? 0, view.frame.look.value.theme) : undefined;
  return (
    <i
      key={`${name} bar`}
      class={classes("number-bar", { negative: value < 0 })}
      style={{
        left: px(place.left),
        width: px(room),
        backgroundSize: `${size}px`,
        backgroundPositionX: px(zero - (value < 0 ? size : 0)),
        color: colour,
      }}
    />
  );
}

/** A weight x norm, which may be more than 1, in the width of a weight. */
function narrow(value: number): string {
  return value < 1 ? exact(value) : value.toPrecision(4);
}

function numberOf(view: NeuronState, name: NumberName, position: number): { value: number; text: string } {
  const terms = view.terms.value;
  if (terms === null) {
    const cosine = view.alike.value?.withMean[position] ?? Number.NaN;
    return { value: Math.max(0, cosine), text: fixed(cosine) };
  }
  if (name === "dot" || name === "capped") return as(terms[name][position], fixed(terms[name][position]));
  if (name === "bias") return as(terms.bias?.[position] ?? 0, fixed(terms.bias?.[position] ?? 0));
  const weight = terms.shown[position];
  if (name === "softmax") return as(weight, exact(weight));
  const norm = view.valueNorm(position) ?? Number.NaN;
  return name === "norm" ? as(norm, fixed(norm)) : as(norm * weight, narrow(norm * weight));
}

function as(value: number, text: string) {
  return { value, text };
}
