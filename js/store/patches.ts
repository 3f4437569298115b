import type { Axis } from "./axis.js";
import type { Side } from "./meta.js";

/** A rectangle; of a patch in shares of its picture. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where the entries of an axis stand on the picture that was looked at. */
export interface Patches {
  /** A data URL of an image, null where what was sent is none. */
  src: string | null;
  /** Width by height. */
  ratio: number;
  /** Per entry: the patches of its tokens, none for an entry that stands for no place. */
  boxes: readonly (readonly Box[])[];
}

/** Nothing else is ever loaded: no address, and no format that holds more than pixels. */
const IMAGE = /^data:image\/(?:png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+={0,2}$/;

/** Null where the axis has no picture. */
export function patchesOf({ picture }: Side, { entries }: Axis): Patches | null {
  if (!picture) return null;
  const { src, width, height, cells } = picture;
  const boxes = entries.map(({ positions }) => positions.flatMap((at) => boxOf(cells[at])));
  if (boxes.every((some) => some.length === 0)) return null;
  return { src: IMAGE.test(src) ? src : null, ratio: width / height, boxes };
}

function boxOf(cell: readonly number[] | null | undefined): Box[] {
  if (!cell) return [];
  const [left, top, width, height] = cell;
  return [{ left, top, width, height }];
}

/** The entry whose patch is at a point, in shares of the picture; of patches that overlap the smallest. Null for none. */
export function entryAt({ boxes }: Patches, x: number, y: number): number | null {
  let found: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  boxes.forEach((some, entry) => {
    for (const { left, top, width, height } of some) {
      const isInside = x >= left && x < left + width && y >= top && y < top + height;
      if (!isInside || width * height >= least) continue;
      [found, least] = [entry, width * height];
    }
  });
  return found;
}

const STEPS: Record<string, readonly [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * The box to which an arrow key leads: the nearest line of boxes in its direction, and in that the one that is least
 * off. Sideways only what stands beside counts. Null for none, and for other keys.
 */
export function neighbourOf(boxes: ReadonlyMap<number, Box>, from: number, key: string): number | null {
  const step = STEPS[key];
  const own = boxes.get(from);
  if (step === undefined || own === undefined) return null;
  const isAcross = step[0] !== 0;
  let best: { entry: number; ahead: number; aside: number } | null = null;
  for (const [entry, box] of boxes) {
    const [x, y] = [middle(box.left, box.width, own.left, own.width), middle(box.top, box.height, own.top, own.height)];
    const ahead = x * step[0] + y * step[1];
    const aside = Math.abs(isAcross ? y : x);
    const isBeside = aside < (own.height + box.height) / 2 - 1;
    if (ahead <= 1 || (isAcross && !isBeside)) continue;
    const isNearer = best === null || ahead < best.ahead - 1 || (ahead < best.ahead + 1 && aside < best.aside);
    if (isNearer) best = { entry, ahead, aside };
  }
  return best?.entry ?? null;
}

/** How far the middle of one is from the middle of another, in one direction. */
function middle(start: number, length: number, otherStart: number, otherLength: number): number {
  return start + length / 2 - otherStart - otherLength / 2;
}
