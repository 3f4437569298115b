import { channels, type Look } from "./theme.js";

/** How much of the ink is in the colour of zero: else, on a host's dark grey, cells of zero look like holes. */
const ZERO_INK = 0.04;

const known = new WeakMap<Look, string>();

/** The colour of zero where an element stands, a shade off its background, such as "f3f5f8". Read once a look: reading lays out the page. */
export function zeroAt(element: Element, look: Look): string {
  const zero = known.get(look) ?? readZero(element);
  known.set(look, zero);
  return zero;
}

function readZero(element: Element): string {
  const { backgroundColor, color } = getComputedStyle(element.closest(".headscope") ?? element);
  const ink = channels(color);
  const mixed = channels(backgroundColor).map((byte, at) => byte + ZERO_INK * (ink[at] - byte));
  return mixed.slice(0, 3).map(hex).join("");
}

function hex(byte: number): string {
  return Math.round(byte).toString(16).padStart(2, "0");
}
