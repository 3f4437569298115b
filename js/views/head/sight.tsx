import { type Box, entryAt, neighbourOf, type Patches } from "../../store/patches.js";
import type { Heard } from "../shared/events.js";
import type { SideName } from "./focus.js";
import { entryIn, listProps, type TokenList } from "./listening.js";
import { Picture } from "./patches.js";
import { Pieces } from "./pieces.js";
import type { ViewState } from "./state.js";

interface Props {
  view: ViewState;
  side: SideName;
}

/** The tokens of one side: the picture that its patches make, and beneath it those that stand for no place on it. */
export function Sight({ view, side }: Props) {
  const patches = view.pictured.patches[side].value;
  const list: TokenList = {
    view,
    side,
    isHere: true,
    entryUnder: (event) => entryIn(event) ?? patchUnder(event, patches),
    moved: ({ key, currentTarget }) => moved(view, side, key, currentTarget),
  };
  return (
    <div class={`sight ${side}`} {...listProps(list)}>
      <p class="sight-caption muted small" aria-hidden="true">
        {side === "query" ? "looks from" : "to"}
      </p>
      {patches !== null && <Picture view={view} side={side} patches={patches} />}
      <Pieces view={view} side={side} patches={patches} />
    </div>
  );
}

function patchUnder({ currentTarget, clientX, clientY }: Heard<MouseEvent>, patches: Patches | null): number | null {
  const box = currentTarget.querySelector(".sight-picture")?.getBoundingClientRect();
  if (!box || patches === null) return null;
  return entryAt(patches, (clientX - box.left) / box.width, (clientY - box.top) / box.height);
}

function moved(view: ViewState, side: SideName, key: string, list: HTMLElement): number | null {
  const boxes = boxesIn(list, view.pictured.patches[side].peek());
  const entries = [...boxes.keys()].sort((a, b) => a - b);
  if (key === "Home") return entries[0] ?? null;
  if (key === "End") return entries.at(-1) ?? null;
  return neighbourOf(boxes, view.active.peek()[side], key);
}

/** Where everything stands on the page, by entry. Of an entry of several patches the first one counts. */
export function boxesIn(list: Element, patches: Patches | null): Map<number, Box> {
  const boxes = new Map<number, Box>();
  const picture = list.querySelector(".sight-picture")?.getBoundingClientRect();
  patches?.boxes.forEach(([box], entry) => {
    if (box === undefined || !picture) return;
    const { left, top, width, height } = picture;
    boxes.set(entry, {
      left: left + box.left * width,
      top: top + box.top * height,
      width: box.width * width,
      height: box.height * height,
    });
  });
  for (const piece of list.querySelectorAll<HTMLElement>("[data-entry]")) {
    boxes.set(Number(piece.dataset.entry), piece.getBoundingClientRect());
  }
  return boxes;
}
