import { useComputed } from "@preact/signals";
import { standingOf } from "../../store/meta.js";
import { headColour } from "../shared/palette.js";
import { classes, px } from "../shared/style.js";
import { rowAt } from "./layout.js";
import type { ModelState } from "./state.js";

/** What of the selection, the keyboard and the pictures concerns one layer. */
interface RowState {
  isSelected: boolean;
  heads: readonly number[];
  head: number | null;
  stop: number | null;
  error: string;
}

const QUIET: RowState = { isSelected: false, heads: [], head: null, stop: null, error: "" };

interface Props {
  view: ModelState;
  layer: number;
  /** Which of the layers shown it is. */
  index: number;
}

/** The heads of a layer. It renders only when something changes that concerns it: among 64 rows that is what matters. */
export function Row({ view, layer, index }: Props) {
  const text = useComputed(() => JSON.stringify(stateOf(view, layer))).value;
  const state: RowState = JSON.parse(text);
  const meta = view.layers.value[index];
  const layout = view.layout.value;
  const { left, top } = rowAt(layout, index, view.heads.value.length);
  const refusal = meta.heads === 0 ? meta.reason || "refused" : state.error;
  const standing = refusal === "" ? "" : standingOf(meta);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot be laid out in bands
    // biome-ignore lint/a11y/useFocusableInteractive: its cells are
    <div
      class="grid-row"
      role="row"
      aria-label={`layer ${layer}`}
      aria-rowindex={index + 1}
      style={{ left: px(left), top: px(top) }}
    >
      <span
        class={classes("layer-number", { focused: state.isSelected })}
        style={{ width: px(layout.label) }}
        aria-hidden="true"
      >
        <span>{layer}</span>
      </span>
      {view.headsOf(meta.heads).map((head) => (
        <Head
          key={head}
          view={view}
          name={`layer ${layer}, head ${head}`}
          {...{ layer, head, state, refusal, standing }}
        />
      ))}
    </div>
  );
}

interface HeadProps {
  view: ModelState;
  name: string;
  layer: number;
  head: number;
  state: RowState;
  /** Why there is no picture, "" where there is one. */
  refusal: string;
  /** In a word. */
  standing: string;
}

/** The place of a head: its picture is on the canvas beneath, its frame is here. */
function Head({ view, name, layer, head, state, refusal, standing }: HeadProps) {
  const isDrawn = state.heads.includes(head);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot be laid out in bands
    <div
      class={classes("cell", {
        drawn: isDrawn,
        focused: state.head === head,
        refused: standing === "refused",
        dash: standing === "no attention map",
      })}
      style={isDrawn ? { "--head": headColour(head, view.frame.look.value.theme) } : undefined}
      role="gridcell"
      tabIndex={state.stop === head ? 0 : -1}
      aria-selected={isDrawn}
      aria-label={standing ? `${name}, ${standing}: ${refusal}` : name}
      data-cell={`${layer} ${head}`}
      data-hint={standing ? `${name}\n${refusal}` : name}
    />
  );
}

function stateOf(view: ModelState, layer: number): RowState {
  const { layer: selected, heads, head } = view.store.selection.value;
  const { layer: stopLayer, head: stop } = view.tabStop;
  const picture = view.thumbnails.pictures.value.get(layer);
  const state = {
    ...QUIET,
    stop: stopLayer === layer ? stop : null,
    error: picture instanceof Error ? picture.message : "",
  };
  return selected === layer ? { ...state, isSelected: true, heads, head } : state;
}
