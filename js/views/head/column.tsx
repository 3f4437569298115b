import { type ReadonlySignal, useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { short } from "../shared/format.js";
import { Label } from "../shared/label.js";
import { movedDown } from "../shared/moves.js";
import { classes, px } from "../shared/style.js";
import type { SideName } from "./focus.js";
import { ROW } from "./layout.js";
import { entryIn, listProps, type TokenList } from "./listening.js";
import { optionOf, wordsOf } from "./option.js";
import type { ViewState } from "./state.js";

interface Props {
  view: ViewState;
  side: SideName;
}

/** The tokens of one side. Of a long text only those in view are on the page. */
export function Column({ view, side }: Props) {
  const { first, last } = view.inView(side);
  const active = view.active.value[side];
  const moved: TokenList["moved"] = ({ key }) =>
    movedDown(key, view.active.peek()[side], view.axis(side).entries.length, view.pageOf(side));
  const list = { view, side, isHere: active >= first && active < last, entryUnder: entryIn, moved };
  return (
    <div
      class={`column ${side}`}
      data-ground={side}
      style={{ width: px(view.layout.value.zone[side]) }}
      {...listProps(list)}
    >
      <div class="slide">
        {Array.from({ length: last - first }, (_, index) => (
          <Entry key={first + index} view={view} side={side} entry={first + index} />
        ))}
      </div>
    </div>
  );
}

/** It renders only when it stands out in another way: a pointer that moves changes little but the numbers, which see to themselves. */
function Entry({ view, side, entry }: Props & { entry: number }) {
  const made = useComputed(() => JSON.stringify(stateOf(view, side, entry))).value;
  const { props, shape, label, width } = JSON.parse(made) as ReturnType<typeof stateOf>;
  const weight = useComputed(() => view.weightAt(side, entry));
  const words = useComputed(() => wordsOf(view, side, entry, weight.value));
  const option = { ...props, "aria-label": words };
  const token = useMemo(() => {
    return (
      <span class={classes("token", { cut: mayNotFit(label, width) })} style={{ width: px(width) }}>
        <Label text={label} />
      </span>
    );
  }, [label, width]);
  return (
    <div {...option} class={shape} style={{ top: px(entry * ROW) }} data-entry={entry}>
      {token}
      <Weight view={view} side={side} entry={entry} weight={weight} />
    </div>
  );
}

function Weight({ view, side, entry, weight }: Props & { entry: number; weight: ReadonlySignal<number | null> }) {
  const number = useComputed(() => numberOf(view, side, entry, weight.value)).value;
  return <span class={number === "NaN" ? "number error" : "number"}>{number}</span>;
}

function stateOf(view: ViewState, side: SideName, entry: number) {
  const { states, props } = optionOf(view, side, entry);
  const focus = view.focus.value;
  return {
    props,
    shape: classes("entry", { quiet: focus?.side === side && focus.entry !== entry, ...states }),
    label: view.axis(side).entries[entry].label,
    width: view.layout.value.token,
  };
}

/** Pixels a character, half as much again as in the usual font: hosts set others. */
const CHARACTER = 11;

/**
 * Whether a label is to be cut off. Where none is, the browser paints the column as one; a clip round each token would
 * make it put together all of the page's layers anew whenever something in the column changes.
 */
function mayNotFit(label: string, width: number): boolean {
  return label.length * CHARACTER + 8 > width || /[^ -~·]/.test(label);
}

/** That of the head in focus; without a focus, only what is wrong with a row. */
function numberOf(view: ViewState, side: SideName, entry: number, weight: number | null): string {
  if (weight !== null) return short(weight, view.keys.value.entries.length);
  return view.isBroken(side, entry) ? "NaN" : "";
}
