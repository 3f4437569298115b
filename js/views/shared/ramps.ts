import { linear } from "./palette.js";
import type { Theme } from "./theme.js";

/** Steps of a ramp from its first stop to its last. */
const STEPS = 256;

/** Colours on a scale, for canvases: packed as the bytes red, green, blue, alpha lie in image data. */
export type Ramp = Uint32Array;

/** Negative to positive: orange and blue, apart in every kind of colour vision; both ends darken (or light up) alike. */
const SIGNS: Record<Theme, readonly [negative: string, positive: string]> = {
  light: ["9c3f06 e39a58", "86a9dc 1d4797"],
  dark: ["ffa25c 93511f", "335f9f 8dbcff"],
};

/** What more weight goes to, from a shade off the background. */
const WEIGHTS: Record<Theme, string> = {
  light: "c8d2e1 8a9dbd 4a628f 1b2a52",
  dark: "324056 586e8f 98abc6 f3f6fa",
};

/** Of the first token, which is kept apart: warm grey, clearly another scale. */
const RAIL: Record<Theme, string> = { light: "dcd9d5 aaa49c 756e66", dark: "3d3a37 77716a bdb6ad" };

const ramps = new Map<string, Ramp>();

/** The ramp of weights. `zero` is the colour of none, such as "f3f5f8". */
export function weightRamp(theme: Theme, zero: string): Ramp {
  return rampOf(`${zero} ${WEIGHTS[theme]}`);
}

export function railRamp(theme: Theme, zero: string): Ramp {
  return rampOf(`${zero} ${RAIL[theme]}`);
}

/** The ramp of signed numbers, with zero in its middle. */
export function signRamp(theme: Theme, zero: string): Ramp {
  const [negative, positive] = SIGNS[theme];
  return rampOf(`${negative} ${zero} ${positive}`);
}

/** Small numbers would all look like zero: they are raised a little. */
const SIGNED_EXPONENT = 0.8;

/** Where a signed number lies on its ramp, as an index. `extent` is the end of the scale; what is beyond it is cut. */
export function signedStep(value: number, extent: number): number {
  const share = extent > 0 ? Math.min(1, Math.abs(value) / extent) : 0;
  return Math.round((STEPS - 1) * (0.5 + 0.5 * Math.sign(value) * share ** SIGNED_EXPONENT));
}

/** A ramp through stops such as "f3f5f8 1b2a52", mixed in OKLab. Made once. */
export function rampOf(stops: string): Ramp {
  const known = ramps.get(stops);
  if (known !== undefined) return known;
  const labs = stops.split(" ").map((stop) => labOf(bytesOf(stop)));
  const ramp = Uint32Array.from({ length: STEPS }, (_, step) => {
    const at = (step / (STEPS - 1)) * (labs.length - 1);
    const from = Math.min(labs.length - 2, Math.floor(at));
    const mixed = labs[from].map((value, axis) => value + (at - from) * (labs[from + 1][axis] - value));
    return packed(rgbOf(mixed));
  });
  ramps.set(stops, ramp);
  return ramp;
}

/** As CSS writes it. */
export function cssColour(colour: number): string {
  return `rgb(${colour & 255}, ${(colour >> 8) & 255}, ${(colour >> 16) & 255})`;
}

/** A ramp as a CSS gradient; `step` says where on the ramp a share of the way lies. */
export function gradientOf(ramp: Ramp, step: (share: number) => number, direction = "to right"): string {
  const colours = Array.from({ length: 17 }, (_, at) => cssColour(ramp[step(at / 16)]));
  return `linear-gradient(${direction}, ${colours.join(", ")})`;
}

function bytesOf(stop: string): number[] {
  return [0, 2, 4].map((at) => Number.parseInt(stop.slice(at, at + 2), 16));
}

/** Typed arrays and image data share the machine's order of bytes: little-endian wherever browsers run. */
function packed([red, green, blue]: readonly number[]): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** OKLab (Ottosson 2020) of red, green and blue in 0 to 255. */
function labOf(rgb: readonly number[]): number[] {
  const [red, green, blue] = rgb.map(linear);
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const medium = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short,
  ];
}

function rgbOf([light, a, b]: readonly number[]): number[] {
  const long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ].map((share) => {
    const linear = Math.min(1, Math.max(0, share));
    return Math.round(255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055));
  });
}
