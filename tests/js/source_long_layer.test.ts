/** A long layer, of which heads come as they are asked for: how many travel together, and to whom their numbers belong. */
import { describe, expect, it, vi } from "vitest";
import { Cache } from "../../js/source/cache.js";
import { LongLayer } from "../../js/source/long_layer.js";
import type { Packet } from "../../js/source/packet.js";
import type { Following } from "../../js/source/source.js";

const KEYS = 8192;
const WIDTH = 64; // 2 MiB a group
const GROUPS = 5;
const header = { part: "self", layer: 0, form: "vectors", heads: GROUPS, groups: GROUPS, d: WIDTH, dv: WIDTH };

interface Asked {
  what: "key" | "value" | "query";
  heads: number[];
  range: [number, number];
}

/** A layer whose every number is that of its head, and what it has asked for. */
function layer() {
  const asked: Asked[] = [];
  const packet = {
    header: { ...header, queries: 128, keys: KEYS, scaling: 1, softcap: null, whole: false, arrays: [], bytes: 0 },
    ints: (name: string) => new Int32Array(128).fill(name === "stop" ? KEYS : 0),
    has: (name: string) => name === "start" || name === "stop",
  } as unknown as Packet;
  const ask = async (_: string, args: Record<string, unknown>, { onProgress }: Following) => {
    const { heads, range, what } = args as unknown as Asked;
    asked.push({ heads, range, what });
    await Promise.resolve();
    onProgress?.(1);
    const each = (range[1] - range[0]) * WIDTH;
    const numbers = Float32Array.from({ length: heads.length * each }, (_, at) => heads[Math.floor(at / each)]);
    return {
      why: "",
      floats: () => numbers,
      ints: () => new Int32Array(),
      bytes: () => new Uint8Array(),
      has: () => true,
    };
  };
  const onGrown = vi.fn();
  return { asked, onGrown, data: new LongLayer(packet, { ask, rows: new Cache(1 << 20), onGrown }) };
}

const following = (onProgress?: (done: number) => void) => ({ signal: new AbortController().signal, onProgress });

describe("a long layer", () => {
  it("asks for the keys of several groups at once, up to 4 MiB, and gives each its own", async () => {
    const { asked, data } = layer();
    await data.bring({ heads: [0, 1, 2, 3, 4], all: ["key"] }, following());
    expect(asked.map(({ heads }) => heads)).toEqual([[0, 1], [2, 3], [4]]);
    const ends = (head: number) => [data.vectors?.key(head, 0)[0], data.vectors?.key(head, KEYS - 1)[WIDTH - 1]];
    expect([0, 1, 2, 3, 4].map(ends)).toEqual([0, 1, 2, 3, 4].map((head) => [head, head]));
    expect(data.bytes).toBe(GROUPS * KEYS * WIDTH * 4);
  });

  it("asks only for what has not come, and tells how far it is", async () => {
    const { asked, data } = layer();
    await data.bring({ heads: [1], all: ["key"] }, following());
    const told: number[] = [];
    await data.bring(
      { heads: [0, 1, 2], all: ["key", "value"] },
      following((done) => told.push(done)),
    );
    expect(asked.slice(1).map(({ what, heads }) => [what, heads])).toEqual([
      ["key", [0, 2]],
      ["value", [0, 1]],
      ["value", [2]],
    ]);
    expect(told.at(-1)).toBe(1);
    expect(data.isHere({ heads: [0, 1, 2], all: ["key", "value"] })).toBe(true);
  });

  it("tells once of all that comes at nearly the same time, in a task that has no messages to read", async () => {
    const { asked, onGrown, data } = layer();
    const wanted = data.bring({ heads: [0, 1, 2, 3, 4], all: ["key"] }, following());
    for (let task = 0; task < 9; task++) await Promise.resolve();
    expect([asked.length, data.arrivals, onGrown.mock.calls.length]).toEqual([3, 0, 0]);
    await wanted;
    expect([data.arrivals, onGrown.mock.calls.length]).toEqual([1, 1]);
  });

  it("asks once for what each query gives to all keys, which is the same for every column", async () => {
    const asked: unknown[] = [];
    const packet = { header: { ...header, form: "mask", queries: 3, keys: 3, bytes: 0 }, has: () => false };
    const numbers: Record<string, number[]> = {
      columns: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
      total: [1, 1, 1, 0.7, 0.8, 0.9],
    };
    const ask = async (_: string, { heads, sets, totals }: Record<string, unknown>) => {
      asked.push([heads, sets, totals]);
      const floats = (name: string) => {
        if (name === "total" && !totals) throw new Error("not asked for");
        return Float32Array.from(numbers[name]);
      };
      return { why: "", floats, ints: () => new Int32Array(), bytes: () => new Uint8Array(), has: () => true };
    };
    const outside = { ask, rows: new Cache<string, Float32Array>(1 << 20), onGrown: () => {} };
    const data = new LongLayer(packet as unknown as Packet, outside);
    await data.bring({ heads: [1, 2], columns: [[0]] }, following());
    await data.bring({ heads: [1, 2], columns: [[2]] }, following());
    await data.bring({ heads: [1, 4], columns: [[1]] }, following());
    expect(asked).toEqual([
      [[1, 2], [[0]], true],
      [[1, 2], [[2]], false],
      [[1, 4], [[1]], true],
    ]);
    expect([data.total(1, 2), data.total(2, 2)]).toEqual([1, Math.fround(0.9)]);
    expect(Array.from(data.column(2, 2))).toEqual(Array.from(Float32Array.of(0.4, 0.5, 0.6)));
  });
});
