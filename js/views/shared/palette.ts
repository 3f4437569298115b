import type { Theme } from "./theme.js";

/**
 * One colour per head number, the same in every layer. Chosen for distance in OKLab under normal, deutan and protan
 * vision, at least 3:1 on the background; the dark set is the light one lifted.
 */
const HEADS: Record<Theme, readonly string[]> = {
  light: split(
    "9079fe 05585f f75e89 44a20e 2b5bd1 8d6544 459ec2 90101c 6e1895 b34a91 6a9573 5976b3 a60f65 fa653d 634b9f 695f01 " +
      "6e3c43 af5fda 427c67 853e80 123eb2 dc6fb7 d0363b 8d4441 d67161 ae6684 2582dc ba2013 8650b7 c14569 69317a 539d54",
  ),
  dark: split(
    "b0a7fe 4e7e83 ff99af 7cc064 5f88e2 ac8c73 80bed9 b05551 9058b0 cd7cb0 94b59a 849bcb c35b8a ff9f85 8778b9 8c864f " +
      "91686c ca8fec 749e8d a56ea0 4870c7 f19dd2 e6746f ac726d eb9c8f c990a6 69a7ec d46555 a67fce da7a90 8c629a 85bc84",
  ),
};

/** Beyond this many heads colours repeat, and the chip says so with a dashed underline. */
export const COLOURS = 32;

export function headColour(head: number, theme: Theme): string {
  return HEADS[theme][head % COLOURS];
}

/** Of #111, as the contrast counts it. */
const NEAR_BLACK = 0.0556;

/** White or near black, whichever reads better on a colour. */
export function textOn(colour: string): string {
  const luminance = luminanceOf([1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)));
  return 1.05 / (luminance + 0.05) > (luminance + 0.05) / NEAR_BLACK ? "#fff" : "#111";
}

/** Relative luminance, 0 to 1, of red, green and blue in 0 to 255. */
export function luminanceOf(rgb: readonly number[]): number {
  const [red, green, blue] = rgb.map(linear);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Light, 0 to 1, of a byte of sRGB. */
export function linear(byte: number): number {
  const share = byte / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

function split(colours: string): string[] {
  return colours.split(" ").map((colour) => `#${colour}`);
}
