import { useComputed } from "@preact/signals";
import { headsIn, standingOf } from "../../store/meta.js";
import { headColour } from "../shared/palette.js";
import { classes, px } from "../shared/style.js";
import { rowAt } from "./layout.js";
import { written } from "./ranking.js";
import type { ModelState } from "./state.js";

/** So many of the first ranks are written on the pictures, where these are large enough. */
const RANKED = 9;
const ROOM_FOR_RANK = 20;
/** How faint the picture of a head is that is not in the page. */
const ABSENT = "70%";

/** What of the selection, the keyboard and the pictures concerns one layer. */
interface RowState {
  isSelected: boolean;
  heads: readonly number[];
  head: number | null;
  stop: number | null;
  error: string;
  /** What the ranking says of its heads, by their numbers, and which of them is pointed at, here or there. */
  marks: readonly { rank: number; veil: string; said: string }[];
  pointed: number | null;
}

const QUIET: RowState = { isSelected: false, heads: [], head: null, stop: null, error: "", marks: [], pointed: null };

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
          isThere={meta.heads === 0 || headsIn(meta).includes(head)}
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
  /** Whether it is in the page. */
  isThere: boolean;
}

/** The place of a head: its picture is on the canvas beneath, its frame is here. */
function Head({ view, name, layer, head, state, refusal, standing, isThere }: HeadProps) {
  const isDrawn = state.heads.includes(head);
  const mark = state.marks[head];
  const said = mark ? `${name}, ${mark.said}` : isThere ? name : `${name}, not in this page`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot be laid out in bands
    <div
      class={classes("cell", {
        drawn: isDrawn,
        focused: state.head === head,
        refused: standing === "refused",
        dash: standing === "no attention map",
        pointed: state.pointed === head,
        linked: mark !== undefined || !isThere,
      })}
      style={{
        ...(isDrawn && { "--head": headColour(head, view.frame.look.value.theme) }),
        ...(mark && { "--veil": mark.veil }),
        ...(!isThere && { "--veil": ABSENT }),
      }}
      data-rank={mark && mark.rank <= RANKED && view.layout.value.cell >= ROOM_FOR_RANK ? mark.rank : undefined}
      role="gridcell"
      tabIndex={state.stop === head ? 0 : -1}
      aria-selected={isDrawn}
      aria-label={standing ? `${name}, ${standing}: ${refusal}` : said}
      data-cell={`${layer} ${head}`}
      data-hint={standing ? `${name}\n${refusal}` : said}
    />
  );
}

function stateOf(view: ModelState, layer: number): RowState {
  const { layer: selected, heads, head } = view.store.selection.value;
  const { layer: stopLayer, head: stop } = view.tabStop;
  const marks = view.links.marks.value.get(layer) ?? [];
  const picture = view.thumbnails.pictures.value.get(layer);
  const state = {
    ...QUIET,
    stop: stopLayer === layer ? stop : null,
    error: picture instanceof Error ? picture.message : "",
    marks: marks.map((mark) => ({
      rank: mark.rank,
      veil: `${Math.round(100 * mark.veil)}%`,
      said: `${written(view, mark.weight)}, rank ${mark.rank}`,
    })),
    pointed: marks.length > 0 && view.hover.value?.layer === layer ? view.hover.value.head : null,
  };
  return selected === layer ? { ...state, isSelected: true, heads, head } : state;
}
