/** Where the grid of layers and heads stands, in CSS pixels. Layers wrap into bands beside each other. */
export interface GridLayout {
  bands: number;
  /** Layers in a band. */
  rows: number;
  /** A thumbnail with the gap to the next. */
  cell: number;
  /** Width of the layers' numbers. */
  label: number;
  gap: number;
  /** Of the whole grid, the numbers included. */
  width: number;
  height: number;
  /** Of what is shown of it; the rest is scrolled to. */
  viewWidth: number;
  viewHeight: number;
  /** Where the enlarged head goes. */
  beside: boolean;
  enlargedWidth: number;
}

/** Height of the heads' numbers. */
export const TOP = 14;
/** Between two thumbnails. */
export const GAP = 2;
const MOST_CELL = 40;
const LEAST_CELL = 12;
const MOST_BANDS = 6;
const MOST_HEIGHT = 420;
/** Of two grids with equal thumbnails the one with fewer bands is easier to read, unless it is taller than this. */
const GOOD_HEIGHT = 320;
/** The pane without its padding; from here on the enlarged head has a place beside the grid in any case. */
const WIDE = 876;
export const ENLARGED_GAP = 22;
const LEAST_ENLARGED = 132;
const WIDE_ENLARGED = 156;
const MOST_ENLARGED = 480;

/**
 * Lays the grid out: as many bands as make the thumbnails largest.
 *
 * @param width Of the pane without its padding.
 * @param layers How many are shown.
 * @param heads Most heads that a layer shows.
 */
export function gridLayout(width: number, layers: number, heads: number): GridLayout {
  const isWide = width >= WIDE;
  const spacing = isWide ? { label: 20, gap: 16 } : { label: 18, gap: 12 };
  const room = isWide ? width - WIDE_ENLARGED - ENLARGED_GAP : width;
  const { cell, rows } = bandsOf(room, Math.max(1, layers), Math.max(1, heads), spacing);
  const bands = Math.max(1, Math.ceil(layers / rows));
  const sheet = bands * (spacing.label + heads * cell) + (bands - 1) * spacing.gap;
  const viewWidth = Math.min(room, sheet);
  const left = width - viewWidth - ENLARGED_GAP;
  const beside = left >= LEAST_ENLARGED;
  const height = TOP + rows * cell;
  const viewHeight = Math.min(height, TOP + MOST_HEIGHT);
  const enlargedWidth = Math.min(MOST_ENLARGED, beside ? left : width);
  return { bands, rows, cell, ...spacing, width: sheet, height, viewWidth, viewHeight, beside, enlargedWidth };
}

interface Spacing {
  label: number;
  gap: number;
}

function bandsOf(room: number, layers: number, heads: number, { label, gap }: Spacing) {
  const cellIn = (bands: number) => Math.floor((room - bands * label - (bands - 1) * gap) / (bands * heads));
  let best = { cell: 0, rows: layers };
  for (let bands = 1; bands <= Math.min(MOST_BANDS, layers); bands++) {
    const rows = Math.ceil(layers / bands);
    const cell = Math.min(MOST_CELL, cellIn(bands), Math.floor(MOST_HEIGHT / rows));
    const isFlatter = cell === best.cell && best.rows * cell > GOOD_HEIGHT;
    if (cell > best.cell || isFlatter) best = { cell, rows };
  }
  if (best.cell >= LEAST_CELL) return best;
  const fitting = Math.floor((room + gap) / (label + heads * LEAST_CELL + gap));
  const bands = Math.max(1, Math.min(layers, fitting));
  return { cell: LEAST_CELL, rows: Math.ceil(layers / bands) };
}

/** Left and top edge of a layer's row, its number included. */
export function rowAt(layout: GridLayout, index: number, heads: number): { left: number; top: number } {
  const band = Math.floor(index / layout.rows);
  const left = band * (layout.label + heads * layout.cell + layout.gap);
  return { left, top: TOP + (index % layout.rows) * layout.cell };
}

/** Every how many numbers there is room for one of two digits at 10 px. */
export function labelStep(cell: number, largest: number): number {
  const wanted = 6 * String(largest).length + 3;
  return Math.max(1, Math.ceil(wanted / cell));
}
