/** A place across, in CSS pixels from the left edge of the pane. */
export interface Place {
  left: number;
  width: number;
}

/** A column of strips: one thin bar a neuron. */
export interface StripPlace extends Place {
  /** Width of one neuron. */
  px: number;
  /** Neurons drawn. */
  count: number;
}

/** A column with a number at its right end, and a bar before it where there is room. */
export interface NumberPlace extends Place {
  /** Width of the bar, 0 for none. */
  bar: number;
}

export type NumberName = "cosine" | "dot" | "capped" | "bias" | "softmax" | "norm" | "measure";

export interface Columns {
  /** The tokens of the rows; 0 wide where the head view beside shows them. */
  tokens: Place;
  /** A vector of each token; null where it has been left out for want of room. */
  first: StripPlace | null;
  /** Null while no query is chosen. */
  products: StripPlace | null;
  /** In drawing order. */
  numbers: Map<NumberName, NumberPlace>;
}

/** What the columns have to hold. */
export interface Contents {
  width: number;
  withTokens: boolean;
  /** Components of a vector in the first column. */
  first: number;
  /** Neurons of the products, 0 for no such column. */
  products: number;
  numbers: readonly NumberName[];
}

const NUMBER = 40;
/** Bars of the columns that have one: least and most width. */
const BARS: Partial<Record<NumberName, readonly [number, number]>> = {
  cosine: [40, 160],
  dot: [20, 60],
  softmax: [24, 160],
};
const MOST_PX = 8;
const FEW_NEURONS = 64;
/** With fewer neurons than this in view at one pixel, the first column is left out instead. */
const LEAST_IN_VIEW = 128;

/** Lays out: neurons as wide as fits, else no bars, else the strongest neurons, else no first column. */
export function columnsOf(contents: Contents): Columns {
  const { first, products } = contents;
  const least = Math.max(first, products) > FEW_NEURONS ? 1 : 2;
  for (const withBars of [true, false]) {
    const px = Math.min(MOST_PX, Math.floor(roomOf(contents, withBars) / (first + products)));
    if (px >= least) return place(contents, withBars, px);
  }
  if (first > 0 && products > 0) {
    const half = Math.floor(roomOf(contents, false) / 2);
    if (half < LEAST_IN_VIEW) return columnsOf({ ...contents, first: 0 });
    return place({ ...contents, first: Math.min(first, half), products: Math.min(products, half) }, false, 1);
  }
  const room = Math.max(FEW_NEURONS / 2, roomOf(contents, false));
  const px = Math.max(1, Math.floor(room / (first + products)));
  const count = Math.floor(room / px);
  return place({ ...contents, first: Math.min(first, count), products: Math.min(products, count) }, false, px);
}

/** Where the last column ends. */
export function rightEdge({ numbers }: Columns): number {
  return Math.max(0, ...[...numbers.values()].map(({ left, width }) => left + width));
}

function gapOf({ width }: Contents): number {
  return width < 640 ? 12 : 16;
}

function tokensOf({ width, withTokens }: Contents): number {
  return withTokens ? Math.round(Math.min(120, Math.max(66, 0.13 * width))) : 0;
}

/** What is left for neurons. */
function roomOf(contents: Contents, withBars: boolean): number {
  const { width, first, products, numbers } = contents;
  const bars = numbers.reduce((sum, name) => sum + (BARS[name]?.[0] ?? 0), 0);
  const gaps = numbers.length + (first > 0 && products > 0 ? 1 : 0);
  return width - tokensOf(contents) - gaps * gapOf(contents) - numbers.length * NUMBER - (withBars ? bars : 0);
}

function place(contents: Contents, withBars: boolean, px: number): Columns {
  const { first, products, numbers } = contents;
  const gap = gapOf(contents);
  let left = tokensOf(contents);
  let spare = roomOf(contents, withBars) - px * (first + products);
  const next = (width: number): Place => {
    const place = { left, width };
    left += width + gap;
    return place;
  };
  const strip = (count: number): StripPlace | null => (count === 0 ? null : { ...next(px * count), px, count });
  const tokens = { left: 0, width: left };
  const [firstPlace, productsPlace] = [strip(first), strip(products)];
  const places = new Map<NumberName, NumberPlace>();
  for (const name of numbers) {
    const [least, most] = withBars ? (BARS[name] ?? [0, 0]) : [0, 0];
    const more = Math.max(0, Math.min(spare, most - least));
    spare -= more;
    places.set(name, { ...next(NUMBER + least + more), bar: Math.max(0, least + more - 4) });
  }
  return { tokens, first: firstPlace, products: productsPlace, numbers: places };
}
