import { describe, expect, it } from "vitest";
import { unpack } from "../../js/source/ascii.js";
import { decode, type Header } from "../../js/source/packet.js";
import { RoundedLayer } from "../../js/source/rounded_layer.js";
import { packed } from "./packed.js";

describe("bytes as text", () => {
  it.each([0, 1, 2, 3, 4, 5, 1000, 1001])("come back: %i of them", async (count) => {
    const bytes = Uint8Array.from({ length: count }, (_, at) => (at * 7919) % 251);
    expect(await unpack(packed(bytes), bytes.length)).toEqual(bytes);
  });
});

describe("more bytes than were announced", () => {
  it("are not read", async () => {
    await expect(unpack(packed(new Uint8Array(1 << 20)), 1000)).rejects.toThrow("more than 1000 bytes");
  });
});

// Two heads; the second query sees keys 1 and 2, the third none. 120 steps, second bytes from 30 on.
const start = Int32Array.of(0, 1, 0);
const stop = Int32Array.of(1, 3, 0);
const coarse = Uint8Array.of(120, 30, 12, 255, 60, 0);
const fine = Uint8Array.of(128, 192, 64);

const rounding = { scale: 2, steps: 120, fine_from: 30, nan: 255 };

const header = {
  v: 1,
  part: "self",
  layer: 4,
  form: "rounded",
  heads: 2,
  queries: 3,
  keys: 3,
  value_norm_reason: "",
  value_norm_largest: 0,
  rounding,
  arrays: [
    { name: "start", dtype: "int32", shape: [3], offset: 0 },
    { name: "stop", dtype: "int32", shape: [3], offset: 16 },
    { name: "coarse", dtype: "uint8", shape: [6], offset: 32 },
    { name: "fine", dtype: "uint8", shape: [3], offset: 40 },
  ],
  bytes: 48,
} as unknown as Header;

function layer() {
  const payload = new Uint8Array(48);
  payload.set(new Uint8Array(start.buffer), 0);
  payload.set(new Uint8Array(stop.buffer), 16);
  payload.set(coarse, 32);
  payload.set(fine, 40);
  return new RoundedLayer(decode(header, [payload]), rounding);
}

describe("a layer of rounded weights", () => {
  const weight = (steps: number) => Math.fround(2 * (steps / 120) ** 2);

  it("has rows, the larger weights by their second byte", () => {
    expect([...layer().row(0, 0)]).toEqual([2, 0, 0]);
    expect([...layer().row(1, 0)]).toEqual([weight(30.25), 0, 0]);
    expect([...layer().row(0, 1)]).toEqual([0, weight(12), Number.NaN]);
    expect([...layer().row(1, 1)]).toEqual([0, weight(59.75), 0]);
    expect([...layer().row(0, 2)]).toEqual([0, 0, 0]);
  });

  it("has columns and spans", () => {
    expect([...layer().column(1, 1)]).toEqual([0, weight(59.75), 0]);
    expect([...layer().column(0, 0)]).toEqual([2, 0, 0]);
    expect(layer().span(1)).toEqual([1, 3]);
    expect([layer().sees(1, 2), layer().sees(1, 0), layer().sees(2, 0)]).toEqual([true, false, false]);
    expect(layer().total(0, 0)).toBe(2);
  });

  it("says how far it may be from the exact weights", () => {
    expect(layer().rounding).toBeCloseTo(2 * (0.25 ** 2 - (29.5 / 120) ** 2), 6);
  });
});
