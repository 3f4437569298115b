import { useRef } from "preact/hooks";
import { Inks } from "../../model/paint.js";
import { useDrawing } from "../../shared/drawing.js";
import { zeroAt } from "../../shared/ground.js";
import { px } from "../../shared/style.js";
import type { Sight } from "./extent.js";
import { type Image, layTile, spansOf } from "./paint.js";
import { type Cut, FIRST_KEY, type MapState, RAIL } from "./state.js";

/** In the scale of its own, a head of weights below this is still pale. */
const LEAST_TOP = 128;
/** In CSS pixels. */
const RAIL_GAP = 1;
const FIRST_EXTENT = { start: 0, end: 1 };

/** The cells in sight, the first key apart at their left. What has not come yet is drawn as it is seen from further away. */
export function Drawn({ map }: { map: MapState }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const draw = (element: HTMLCanvasElement) => {
    const { key: width, query: height } = map.size.value;
    const cuts = [...map.coarser, map.cut.value];
    drawCells(element, map, { sight: map.sight.value, cuts, width: RAIL + width, height, rail: RAIL });
    return true;
  };
  useDrawing(canvas, { guard: map.view.guard, scene: () => sceneOf(map), draw }, [map]);
  return <canvas ref={canvas} aria-label="Cells of the map; what they hold is read out" />;
}

export function sceneOf(map: MapState): unknown {
  return [
    map.sight.value,
    map.size.value,
    map.cut.value,
    map.head.value,
    map.data.value,
    map.loader.arrived.value,
    map.view.look.value,
    map.view.store.settings.value.intensity,
  ];
}

/** What is drawn into a canvas, in CSS pixels; the rail at its left takes some of the width. */
interface Scene {
  sight: Sight;
  cuts: readonly Cut[];
  width: number;
  height: number;
  rail: number;
}

export function drawCells(canvas: HTMLCanvasElement, map: MapState, { sight, cuts, width, height, rail }: Scene): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = px(canvas.width / ratio); // exactly as large as its pixels, or they would be smeared
  canvas.style.height = px(canvas.height / ratio);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return;
  const left = Math.round(rail * ratio);
  const body = imageOf(canvas.width - left, canvas.height);
  const first = imageOf(Math.max(0, left - Math.round(RAIL_GAP * ratio)), canvas.height);
  for (const cut of cuts) layCut(map, cut, sight, body, first);
  const look = map.view.look.value;
  const inks = new Inks(look.theme, zeroAt(canvas, look));
  const isOwn = map.view.store.settings.value.intensity === "head";
  const top = isOwn ? Math.max(LEAST_TOP, ...new Set(body.numbers)) - 1 : 255;
  put(context, body, left, inks.pixels(top));
  if (first.width > 0) put(context, first, 0, inks.railPixels);
}

function imageOf(width: number, height: number): Image {
  return { width, height, numbers: new Uint16Array(width * height) };
}

function layCut(map: MapState, cut: Cut, sight: Sight, body: Image, first: Image): void {
  const { source } = map.view.store;
  const data = map.data.value;
  for (const question of map.tilesIn(cut, sight)) {
    const tile = source.peekTile(question);
    if (tile === undefined) continue;
    const { row_edges, column_edges } = question;
    const spans = data && spansOf(data, row_edges);
    const isFirst = column_edges === FIRST_KEY;
    const at = isFirst ? { query: sight.query, key: FIRST_EXTENT } : sight;
    if (!isFirst || first.width > 0) layTile(isFirst ? first : body, tile, row_edges, column_edges, at, spans);
  }
}

function put(
  context: CanvasRenderingContext2D,
  { width, height, numbers }: Image,
  left: number,
  ink: Uint32Array,
): void {
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < numbers.length; at++) if (numbers[at] > 0) pixels[at] = ink[numbers[at] - 1];
  context.putImageData(image, left, 0);
}
