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
    .map(([name, value]) => `${name}="${typeof value === "number" ? round(value) : escaped(String(value))}"`)
    .join(" ");
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
