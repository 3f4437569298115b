import type { Box, Patches } from "../../store/patches.js";

/** Of the colour of the strongest patch: something of the picture is seen through it. */
export const MOST_ALPHA = 0.92;
/** How much of the page's ground lies over a picture under heat, and over patches that the mask hides. */
const DIM = 0.6;
const HIDDEN = 0.75;
/** Even no weight leaves a trace, so that one sees what could be looked at. */
const LEAST_ALPHA = 0.04;

export interface PictureScene {
  image: HTMLImageElement | null;
  patches: Patches;
  /** Per entry how strong its colour is, 0 to 1, null where the mask hides it; no colours at all if there is no function. */
  strength: ((entry: number) => number | null) | null;
  colour: string;
  /** The page's ground. */
  ground: string;
  /** For what is no number. */
  error: string;
}

/** Draws the picture as it is, or grey and pale with what its patches get laid over it. */
export function paintPicture(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  { image, patches, strength, colour, ground, error }: PictureScene,
): void {
  context.imageSmoothingQuality = "high";
  if (image !== null) context.drawImage(image, 0, 0, width, height);
  if (strength === null) return;
  if (image !== null) fade(context, width, height, ground);
  patches.boxes.forEach((boxes, entry) => {
    const at = boxes.length > 0 ? strength(entry) : 0;
    for (const box of boxes) paintPatch(context, scaled(box, width, height), at, { colour, ground, error });
  });
  context.globalAlpha = 1;
}

/** Takes colour and contrast from what is drawn, so that the colours on top of it can be compared. */
function fade(context: CanvasRenderingContext2D, width: number, height: number, ground: string): void {
  context.globalCompositeOperation = "saturation";
  context.fillStyle = "#808080";
  context.fillRect(0, 0, width, height);
  context.globalCompositeOperation = "source-over";
  context.globalAlpha = DIM;
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
}

function paintPatch(
  context: CanvasRenderingContext2D,
  { left, top, width, height }: Box,
  strength: number | null,
  { colour, ground, error }: Pick<PictureScene, "colour" | "ground" | "error">,
): void {
  if (Number.isNaN(strength)) {
    context.globalAlpha = 1;
    context.strokeStyle = error;
    context.lineWidth = 1;
    context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    return;
  }
  context.globalAlpha = strength === null ? HIDDEN : Math.max(LEAST_ALPHA, MOST_ALPHA * strength);
  context.fillStyle = strength === null ? ground : colour;
  context.fillRect(left, top, width, height);
}

/** In whole pixels, so that nothing shows between neighbours: not even where an edge falls on half a pixel. */
function scaled({ left, top, width, height }: Box, across: number, down: number): Box {
  const at = (share: number, length: number) => Math.floor(share * length + 0.4937);
  const [x, y] = [at(left, across), at(top, down)];
  return { left: x, top: y, width: at(left + width, across) - x, height: at(top + height, down) - y };
}
