/** Where a figure begins on the page, and what it defines. */
export interface Frame {
  left: number;
  top: number;
  clips: string[];
}

/** Attributes of an element; numbers to a hundredth of a pixel, undefined ones left out. */
export function attributes(values: Record<string, string | number | undefined>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${typeof value === "number" ? round(value) : escaped(plain(String(value)))}"`)
    .join(" ");
}

const MIXED = /^color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)(?: \/ ([\d.e-]+))?\)$/;

/** Colours as every program reads them: browsers tell those that were mixed in another way. */
function plain(value: string): string {
  const [, red, green, blue, alpha = "1"] = MIXED.exec(value) ?? [];
  if (red === undefined) return value;
  const bytes = [red, green, blue].map((share) => Math.round(255 * Number(share)));
  return alpha === "1" ? `rgb(${bytes.join(", ")})` : `rgba(${bytes.join(", ")}, ${alpha})`;
}

const GENERIC = /\b(serif|sans-serif|monospace|cursive|fantasy)\s*$/;

/** A list of fonts that ends with one which every program has. */
export function fontsOf({ fontFamily }: CSSStyleDeclaration): string {
  if (GENERIC.test(fontFamily)) return fontFamily;
  return `${fontFamily}, ${/mono|code|consol|courier|menlo/i.test(fontFamily) ? "monospace" : "sans-serif"}`;
}

export function round(value: number): number {
  return Math.round(100 * value) / 100;
}

/** Text from outside is text, never markup; what XML does not allow is left out. */
export function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[<>&"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
