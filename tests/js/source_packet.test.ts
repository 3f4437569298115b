import { describe, expect, it } from "vitest";
import { decode, type Header } from "../../js/source/packet.js";

const header: Header = {
  v: 1,
  part: "self",
  layer: 3,
  form: "vectors",
  heads: 1,
  groups: 1,
  d: 1,
  dv: 1,
  queries: 3,
  keys: 3,
  scaling: 1,
  softcap: null,
  value_norm_reason: "",
  value_norm_largest: 0,
  arrays: [
    { name: "lse", dtype: "float32", shape: [1, 3], offset: 0 },
    { name: "start", dtype: "int32", shape: [3], offset: 16 },
  ],
  bytes: 32,
};

function payload(): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(new Uint8Array(Float32Array.of(0.5, -1, Number.NaN).buffer), 0);
  bytes.set(new Uint8Array(Int32Array.of(0, 1, -2).buffer), 16);
  return bytes;
}

describe("a packet", () => {
  it("gives its arrays, whatever the cuts between its pieces", () => {
    const whole = payload();
    const packet = decode(header, [whole.subarray(0, 5), whole.subarray(5, 17), whole.subarray(17)]);
    expect([...packet.floats("lse")]).toEqual([0.5, -1, Number.NaN]);
    expect([...packet.ints("start")]).toEqual([0, 1, -2]);
    expect([packet.has("start"), packet.has("sink")]).toEqual([true, false]);
  });

  it("owns its bytes", () => {
    const received = payload();
    const packet = decode(header, [received]);
    received.fill(0);
    expect(packet.floats("lse")[0]).toBe(0.5);
  });

  it("that is cut short says so", () => {
    expect(() => decode(header, [payload().subarray(8)])).toThrow("Layer 3 arrived damaged: 24 bytes came of 32");
  });

  it("without an array that is wanted says so", () => {
    expect(() => decode(header, [payload()]).floats("query")).toThrow('it has no float32 array "query"');
    expect(() => decode(header, [payload()]).ints("lse")).toThrow('it has no int32 array "lse"');
  });
});
