import { short } from "../shared/format.js";
import { Label } from "../shared/label.js";
import { movedDown } from "../shared/moves.js";
import { classes, px } from "../shared/style.js";
import type { SideName } from "./focus.js";
import { ROW } from "./layout.js";
import { entryIn, listProps, type TokenList } from "./listening.js";
import { optionOf } from "./option.js";
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

function Entry({ view, side, entry }: Props & { entry: number }) {
  const axis = view.axis(side);
  const weight = view.weightAt(side, entry);
  const { states, props } = optionOf(view, side, entry, weight);
  const isQuiet = view.focus.value?.side === side && view.focus.value.entry !== entry;
  return (
    <div
      {...props}
      class={classes("entry", { quiet: isQuiet, ...states })}
      style={{ top: px(entry * ROW) }}
      data-entry={entry}
    >
      <span class="token" style={{ width: px(view.layout.value.token) }}>
        <Label text={axis.entries[entry].label} />
      </span>
      <Weight view={view} side={side} entry={entry} weight={weight} />
    </div>
  );
}

/** The number of the head in focus; without a focus, only what is wrong with a row. */
function Weight({ view, side, entry, weight }: Props & { entry: number; weight: number | null }) {
  const text =
    weight === null ? (view.isBroken(side, entry) ? "NaN" : "") : short(weight, view.keys.value.entries.length);
  return <span class={classes("number", { error: text === "NaN" })}>{text}</span>;
}
