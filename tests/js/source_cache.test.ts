import { expect, it } from "vitest";
import { Cache } from "../../js/source/cache.js";

it("forgets what was used longest ago, and no more than it must", () => {
  const cache = new Cache<string, number>(10);
  cache.set("a", 1, 4);
  cache.set("b", 2, 4);
  cache.get("a");
  cache.set("c", 3, 4);
  expect(["a", "b", "c"].map((key) => cache.has(key))).toEqual([true, false, true]);
  expect(cache.bytes).toBe(8);
});

it("counts a value that is set again once", () => {
  const cache = new Cache<string, number>(10);
  cache.set("a", 1, 8);
  cache.set("a", 2, 6);
  expect([cache.get("a"), cache.bytes]).toEqual([2, 6]);
});

it("keeps the newest even where it alone is too large", () => {
  const cache = new Cache<string, number>(10);
  cache.set("a", 1, 4);
  cache.set("b", 2, 40);
  expect([cache.has("a"), cache.get("b"), cache.bytes]).toEqual([false, 2, 40]);
});
