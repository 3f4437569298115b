import { describe, expect, it } from "vitest";
import { cssColour, rampOf, signedStep, signs } from "../../js/views/shared/ramps.js";

describe("a ramp", () => {
  it("begins and ends with its stops and passes through those between", () => {
    const ramp = rampOf("9c3f06 f4f4f4 1d4797");
    expect(cssColour(ramp[0])).toBe("rgb(156, 63, 6)");
    expect(cssColour(ramp[255])).toBe("rgb(29, 71, 151)");
    expect(ramp).toHaveLength(256);
  });

  it("is made once", () => {
    expect(signs("dark")).toBe(signs("dark"));
    expect(signs("dark")).not.toBe(signs("light"));
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
