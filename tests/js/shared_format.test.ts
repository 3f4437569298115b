import { describe, expect, it } from "vitest";
import { exact, magnitude, percent, short } from "../../js/views/shared/format.js";
import { headColour, luminanceOf, textOn } from "../../js/views/shared/palette.js";

describe("numbers", () => {
  it.each([
    [0.4748, ".47"],
    [0, "0"],
    [0.0049, "0"],
    [0.005, ".01"],
    [0.995, ".99"],
    [0.9951, "1"],
    [1, "1"],
    [Number.NaN, "NaN"],
  ])("%d beside a token is %s", (weight, text) => {
    expect(short(weight)).toBe(text);
  });

  it.each([
    [0.4748, ".47"],
    [0.0041, "4e-3"],
    [0.0094, "9e-3"],
    [0.0096, ".01"],
    [3.18e-5, "3e-5"],
    [0, "0"],
    [Number.NaN, "NaN"],
  ])("%d beside one of thousands of tokens is %s", (weight, text) => {
    expect(short(weight, 8192)).toBe(text);
  });

  it("have three decimals where they were rounded", () => {
    expect(exact(0.47484, 0.0005)).toBe("0.475");
    expect(exact(0.00016, 0.0005)).toBe("0.000");
  });

  it.each([
    [0.47484, "0.4748"],
    [0.001, "0.0010"],
    [0.00016, "1.6e-4"],
    [0, "0.0000"],
    [Number.NaN, "NaN"],
  ])("%d as it is read is %s", (weight, text) => {
    expect(exact(weight)).toBe(text);
  });

  it.each([
    [0, "0 %"],
    [0.004, "under 1 %"],
    [0.824, "82 %"],
    [0.996, "over 99 %"],
    [1, "100 %"],
  ])("a share of %d is %s", (share, text) => {
    expect(percent(share)).toBe(text);
  });

  it("of a certificate have one digit", () => {
    expect(magnitude(3.2e-7)).toBe("3e-7");
  });
});

describe("the colours of heads", () => {
  const rgb = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  const contrast = (a: string, b: string) => {
    const [dark, light] = [luminanceOf(rgb(a)), luminanceOf(rgb(b))].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const numbers = Array.from({ length: 32 }, (_, head) => head);

  it("are 32 in each theme, then they repeat", () => {
    for (const theme of ["light", "dark"] as const) {
      expect(new Set(numbers.map((head) => headColour(head, theme))).size).toBe(32);
      expect(headColour(35, theme)).toBe(headColour(3, theme));
    }
  });

  it("stand out from the background, and the number stands out from them", () => {
    for (const head of numbers) {
      expect(contrast(headColour(head, "light"), "#ffffff")).toBeGreaterThanOrEqual(2.95);
      expect(contrast(headColour(head, "dark"), "#111111")).toBeGreaterThanOrEqual(3.6);
      for (const theme of ["light", "dark"] as const) {
        const colour = headColour(head, theme);
        expect(contrast(colour, textOn(colour) === "#fff" ? "#ffffff" : "#111111")).toBeGreaterThanOrEqual(4.49);
      }
    }
  });
});
