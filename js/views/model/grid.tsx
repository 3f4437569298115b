import { useComputed } from "@preact/signals";
import { range } from "../../store/selection.js";
import { headColour } from "../shared/palette.js";
import { classes, px } from "../shared/style.js";
import { choose, goDown } from "./actions.js";
import { labelStep, rowAt } from "./layout.js";
import { ScrollView } from "./scroll_view.js";
import type { ModelState } from "./state.js";
import { Thumbs } from "./thumbs.js";
import { type Cell, walk } from "./walk.js";

/** Layers down, heads across; one tab stop, in which arrows move. The pictures are on one canvas beneath. */
export function Grid({ view }: { view: ModelState }) {
  const { width, height, bands } = view.layout.value;
  return (
    <ScrollView view={view}>
      {/* biome-ignore lint/a11y/useSemanticElements: a table cannot be laid out in bands */}
      <div
        class="grid"
        role="grid"
        aria-label="Heads of all layers"
        aria-multiselectable="true"
        style={{ width: px(width), height: px(height), "--cell": px(view.layout.value.cell) }}
        {...listeners(view)}
      >
        <Thumbs view={view} />
        {range(bands).map((band) => (
          <HeadNumbers key={band} view={view} band={band} />
        ))}
        {view.layers.value.map(({ layer }, index) => (
          <Row key={layer} view={view} layer={layer} index={index} />
        ))}
      </div>
    </ScrollView>
  );
}

/** Numbers over a band; where there is no room for all, every second, and the one in focus before its neighbours. */
function HeadNumbers({ view, band }: { view: ModelState; band: number }) {
  const layout = view.layout.value;
  const heads = view.heads.value;
  const focused = useComputed(() => {
    const { layer, head } = view.store.selection.value;
    const index = view.layers.value.findIndex((one) => one.layer === layer);
    return index >= 0 && Math.floor(index / view.layout.value.rows) === band ? head : null;
  }).value;
  const step = labelStep(layout.cell, heads[heads.length - 1] ?? 0);
  const at = heads.indexOf(focused ?? -1);
  const isNamed = (index: number) => (index % step === 0 && (at < 0 || Math.abs(index - at) >= step)) || index === at;
  const { left } = rowAt(layout, band * layout.rows, heads.length);
  return (
    <div class="head-numbers" style={{ left: px(left + layout.label) }} aria-hidden="true">
      {heads.map((head, index) => (
        <span key={head} class={classes("head-number", { focused: head === focused })}>
          {isNamed(index) ? <b>{head}</b> : ""}
        </span>
      ))}
    </div>
  );
}

/** What of the selection concerns a layer, "" for nothing: so that only rows render that change. */
function stateOf(view: ModelState, layer: number): string {
  const { layer: selected, heads, head } = view.store.selection.value;
  const stop = view.tabStop;
  const picture = view.thumbnails.pictures.value.get(layer);
  const error = picture instanceof Error ? picture.message : "";
  const isSelected = selected === layer;
  if (!isSelected && stop.layer !== layer && error === "") return "";
  return JSON.stringify({
    isSelected,
    heads: isSelected ? heads : [],
    head: isSelected ? head : null,
    stop: stop.layer === layer ? stop.head : null,
    error,
  });
}

interface RowState {
  isSelected: boolean;
  heads: readonly number[];
  head: number | null;
  stop: number | null;
  error: string;
}

const QUIET: RowState = { isSelected: false, heads: [], head: null, stop: null, error: "" };

function Row({ view, layer, index }: { view: ModelState; layer: number; index: number }) {
  const text = useComputed(() => stateOf(view, layer)).value;
  const state = text === "" ? QUIET : (JSON.parse(text) as RowState);
  const meta = view.layers.value[index];
  const layout = view.layout.value;
  const { left, top } = rowAt(layout, index, view.heads.value.length);
  const refusal = meta.heads === 0 ? meta.reason || "refused" : state.error;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot be laid out in bands
    // biome-ignore lint/a11y/useFocusableInteractive: its cells are
    <div class="grid-row" role="row" aria-rowindex={index + 1} style={{ left: px(left), top: px(top) }}>
      <span
        class={classes("layer-number", { focused: state.isSelected })}
        style={{ width: px(layout.label) }}
        aria-hidden="true"
      >
        <span>{layer}</span>
      </span>
      {view.headsOf(meta.heads).map((head) => (
        // biome-ignore lint/a11y/useSemanticElements: a table cannot be laid out in bands
        <div
          key={head}
          class={classes("cell", {
            drawn: state.heads.includes(head),
            focused: state.head === head,
            refused: refusal !== "",
          })}
          style={state.heads.includes(head) ? { "--head": headColour(head, view.frame.look.value.theme) } : undefined}
          role="gridcell"
          tabIndex={state.stop === head ? 0 : -1}
          aria-selected={state.heads.includes(head)}
          aria-label={`layer ${layer}, head ${head}${refusal === "" ? "" : `, refused: ${refusal}`}`}
          data-cell={`${layer} ${head}`}
          data-hint={`layer ${layer}, head ${head}${refusal === "" ? "" : `\n${refusal}`}`}
        />
      ))}
    </div>
  );
}

function listeners(view: ModelState) {
  const on = (event: Event, act: (cell: Cell) => void) => {
    const cell = cellOf(event.target);
    if (cell !== null) act(cell);
  };
  return {
    onPointerOver: view.guard((event: PointerEvent) => on(event, (cell) => hoverOn(view, cell))),
    onPointerLeave: view.guard(() => {
      view.hover.value = null;
    }),
    onClick: view.guard((event: MouseEvent) =>
      on(event, (cell) => choose(view, cell, event.shiftKey || event.ctrlKey || event.metaKey)),
    ),
    onDblClick: view.guard((event: MouseEvent) => {
      if (!event.shiftKey && !event.ctrlKey && !event.metaKey) on(event, (cell) => goDown(view, cell));
    }),
    onFocusIn: view.guard((event: FocusEvent) => {
      if (event.target instanceof Element && event.target.matches(":focus-visible")) {
        on(event, (cell) => hoverOn(view, cell));
      }
    }),
    onFocusOut: view.guard(() => {
      view.hover.value = null;
    }),
    onKeyDown: view.guard((event: KeyboardEvent & { currentTarget: HTMLElement }) => press(view, event)),
  };
}

function hoverOn(view: ModelState, cell: Cell): void {
  const now = view.hover.peek();
  if (now?.layer !== cell.layer || now.head !== cell.head) view.hover.value = cell;
}

function press(view: ModelState, event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const cell = cellOf(event.target);
  if (cell === null) return;
  const next = walk(view.grid.peek(), cell, event.key);
  if (next !== null) moveTo(view, event.currentTarget, next);
  else if (event.key === " ") choose(view, cell, event.shiftKey);
  else if (event.key === "Enter") goDown(view, cell);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function moveTo(view: ModelState, grid: HTMLElement, cell: Cell): void {
  view.place.value = cell;
  grid.querySelector<HTMLElement>(`[data-cell="${cell.layer} ${cell.head}"]`)?.focus();
}

function cellOf(target: EventTarget | null): Cell | null {
  const found = target instanceof Element ? target.closest<HTMLElement>("[data-cell]") : null;
  if (found === null) return null;
  const [layer, head] = (found.dataset.cell ?? "").split(" ").map(Number);
  return { layer, head };
}
