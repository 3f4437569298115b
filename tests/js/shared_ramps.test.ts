import { describe, expect, it } from "vitest";
import {
  cssColour,
  gradientOf,
  railRamp,
  rampOf,
  signedStep,
  signRamp,
  weightRamp,
} from "../../js/views/shared/ramps.js";

describe("a ramp", () => {
  it("begins and ends with its stops and passes through those between", () => {
    const ramp = rampOf("9c3f06 f4f4f4 1d4797");
    expect(cssColour(ramp[0])).toBe("rgb(156, 63, 6)");
    expect(cssColour(ramp[255])).toBe("rgb(29, 71, 151)");
    expect(ramp).toHaveLength(256);
  });

  it("is made once", () => {
    expect(signRamp("dark", "1b1d21")).toBe(signRamp("dark", "1b1d21"));
    expect(signRamp("dark", "1b1d21")).not.toBe(signRamp("light", "f4f4f4"));
  });
});

describe("signed numbers", () => {
  it("lie symmetrically about the middle, positive above", () => {
    expect(signedStep(3, 3)).toBe(255);
    expect(signedStep(-3, 3)).toBe(0);
    expect(signedStep(1, 3) + signedStep(-1, 3)).toBe(255);
    expect(Math.abs(signedStep(0, 3) - 127.5)).toBe(0.5);
  });

  it("are cut at the end of the scale, and all are zero on an empty one", () => {
    expect(signedStep(9, 3)).toBe(255);
    expect(signedStep(0.5, 0)).toBe(signedStep(0, 1));
  });
});

describe("weights and the first token", () => {
  it.each([
    ["light", "f6f6f6", 255],
    ["dark", "262727", 30],
  ] as const)("move away from the %s background with every step", (theme, zero, background) => {
    for (const ramp of [weightRamp(theme, zero), railRamp(theme, zero)]) {
      const off = Array.from(ramp, (pixel) => Math.abs(((pixel >> 8) & 255) - background));
      expect(off[0]).toBeLessThan(12);
      for (let at = 1; at < 256; at++) expect(off[at]).toBeGreaterThanOrEqual(off[at - 1] - 1);
      expect(off[255]).toBeGreaterThan(120);
    }
  });

  it("become a gradient with their own first and last colour", () => {
    const ramp = weightRamp("light", "f6f6f6");
    const text = gradientOf(ramp, (share) => Math.round(255 * share));
    expect(text.startsWith(`linear-gradient(to right, ${cssColour(ramp[0])}, `)).toBe(true);
    expect(text.endsWith(`${cssColour(ramp[255])})`)).toBe(true);
  });
});
