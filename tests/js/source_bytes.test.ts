import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bytesOf } from "../../js/source/bytes.js";

const BYTES = [1, 2, 255];
const larger = Uint8Array.from([9, 9, ...BYTES, 9]);

describe("bytes of a received buffer", () => {
  it.each([
    ["a DataView in the middle of a larger buffer", new DataView(larger.buffer, 2, 3)],
    ["a Uint8Array in the middle of a larger buffer", larger.subarray(2, 5)],
    ["an ArrayBuffer", Uint8Array.from(BYTES).buffer],
    ["an ArrayBuffer of another frame", runInNewContext("Uint8Array.from([1, 2, 255]).buffer")],
    ["an array of numbers, from VS Code", BYTES],
  ])("reads %s", (_, received) => {
    expect([...bytesOf(received)]).toEqual(BYTES);
  });

  it.each([[undefined], [null], ["AQL/"], [{ 0: 1 }]])("refuses %o", (received) => {
    expect(() => bytesOf(received)).toThrow("invalid buffer from the host");
  });
});
