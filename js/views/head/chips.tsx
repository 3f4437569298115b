import { useRef } from "preact/hooks";
import { headsIn } from "../../store/meta.js";
import { range } from "../../store/selection.js";
import { focusHead, soloHead, toggleHead } from "../shared/actions.js";
import { COLOURS, headColour, textOn } from "../shared/palette.js";
import { movesAmong } from "../shared/roving.js";
import { classes } from "../shared/style.js";
import type { ViewState } from "./state.js";

/** A chip per head: what is drawn, in which colour, and whose numbers are shown. One tab stop, arrows move. */
export function Chips({ view }: { view: ViewState }) {
  const { head } = view.store.selection.value;
  const stop = head ?? 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a flex row everywhere
    <div class="chips" role="group" aria-label="Heads" onKeyDown={view.guard(movesAmong())}>
      {range(view.layerMeta.value.heads).map((one) => (
        <Chip key={one} view={view} head={one} isStop={one === stop} />
      ))}
    </div>
  );
}

function Chip({ view, head, isStop }: { view: ViewState; head: number; isStop: boolean }) {
  const { heads, head: focused } = view.store.selection.value;
  const before = useRef(heads); // what was drawn when a double click began; the second of two has detail 4
  const isDrawn = heads.includes(head);
  const isThere = headsIn(view.layerMeta.value).includes(head);
  const colour = headColour(head, view.look.value.theme);
  const click = (event: MouseEvent) => {
    if (event.shiftKey) return focusHead(view.store, head);
    if (event.detail > 0 && event.detail % 2 === 0) return soloHead(view.store, head, before.current);
    before.current = view.store.selection.peek().heads;
    toggleHead(view.store, head);
  };
  return (
    <button
      type="button"
      class={classes("chip", { again: head >= COLOURS, focused: head === focused })}
      style={{ "--head": colour, "--on-head": textOn(colour) }}
      tabIndex={isStop ? 0 : -1}
      aria-label={`Head ${head}`}
      aria-pressed={isDrawn}
      aria-disabled={!isThere}
      data-hint={isThere ? undefined : `head ${head} is not in this page`}
      aria-current={head === focused}
      onClick={view.guard(click)}
      onPointerEnter={view.guard(() => {
        view.chip.value = head;
      })}
      onPointerLeave={view.guard(() => {
        view.chip.value = null;
      })}
    >
      {head}
    </button>
  );
}
