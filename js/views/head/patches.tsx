import { useRef } from "preact/hooks";
import type { Box, Patches } from "../../store/patches.js";
import { useDrawing } from "../shared/drawing.js";
import { classes } from "../shared/style.js";
import type { SideName } from "./focus.js";
import { optionOf, wordsOf } from "./option.js";
import { prepare } from "./paint.js";
import { paintPicture } from "./patch_paint.js";
import type { ViewState } from "./state.js";

interface Props {
  view: ViewState;
  side: SideName;
  patches: Patches;
}

/** Of a tall picture, in pixels: the tokens beneath it, and the other panes, stay in sight. */
const MOST_HEIGHT = 420;

/** The picture, with frames round the patches that one is at. */
export function Picture({ view, side, patches }: Props) {
  const { ratio } = patches;
  const isBroken = view.pictured.images[side].value === "broken";
  return (
    <div class="sight-picture" style={{ aspectRatio: String(ratio), width: `min(100%, ${MOST_HEIGHT * ratio}px)` }}>
      <Canvas view={view} side={side} patches={patches} />
      {isBroken && <p class="sight-broken muted small">The picture cannot be shown; its patches can.</p>}
      <Frames view={view} side={side} patches={patches} />
    </div>
  );
}

function Canvas({ view, side, patches }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const draw = (element: HTMLCanvasElement) => {
    const [width, height] = [element.clientWidth, element.clientHeight];
    const context = prepare(element, width, height);
    const style = getComputedStyle(element);
    const [ground, error] = ["--bg", "--error"].map((name) => style.getPropertyValue(name));
    if (context !== null) paintPicture(context, width, height, { ...sceneOf(view, side), patches, ground, error });
    return true;
  };
  const scene = () => [sceneOf(view, side), view.width.value, view.look.value];
  useDrawing(canvas, { guard: view.guard, scene, draw }, [view, patches]);
  return <canvas ref={canvas} aria-label="The picture; its patches are named as one moves among them" />;
}

function sceneOf(view: ViewState, side: SideName) {
  const { pictured } = view;
  const image = pictured.images[side].value;
  const isLaidOver = pictured.heat.value?.side === side;
  return {
    image: image === "broken" ? null : image,
    strength: isLaidOver ? (entry: number) => pictured.strength(side, entry) : null,
    colour: pictured.colour,
  };
}

/** Round the patch under the pointer, the pinned one, and the one that the keyboard has come to. */
function Frames({ view, side, patches }: Props) {
  const hover = view.hover.value;
  const active = view.active.value[side];
  const entries = new Set([active, view.pins.value[side], hover?.side === side ? hover.entry : null]);
  return (
    <>
      {[...entries].flatMap((entry) =>
        (patches.boxes[entry ?? -1] ?? []).map((box, index) => (
          <Frame key={`${entry} ${index}`} view={view} side={side} entry={entry ?? -1} box={box} />
        )),
      )}
    </>
  );
}

function Frame({ view, side, entry, box }: Omit<Props, "patches"> & { entry: number; box: Box }) {
  const { states, props } = optionOf(view, side, entry);
  const isActive = view.active.value[side] === entry;
  const option = { ...props, "aria-label": wordsOf(view, side, entry) };
  return <div {...option} class={classes("patch", { active: isActive, ...states })} style={shares(box)} />;
}

function shares({ left, top, width, height }: Box): string {
  return `left:${100 * left}%;top:${100 * top}%;width:${100 * width}%;height:${100 * height}%`;
}
