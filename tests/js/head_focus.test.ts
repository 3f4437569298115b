import { expect, it } from "vitest";
import { focusOf, type Pins, type Place, partnerOf } from "../../js/views/head/focus.js";

const none: Pins = { query: null, key: null };
const query = (entry: number): Place => ({ side: "query", entry });
const key = (entry: number): Place => ({ side: "key", entry });

it.each<[string, Place | null, Pins, Place | null, number | null]>([
  ["nothing", null, none, null, null],
  ["a hovered query", query(1), none, query(1), null],
  ["a hovered key", key(1), none, key(1), null],
  ["a pinned query", null, { query: 2, key: null }, query(2), null],
  ["a pinned key", null, { query: null, key: 2 }, key(2), null],
  ["of two pins the query", null, { query: 2, key: 3 }, query(2), null],
  ["the pinned query, paired with a hovered key", key(1), { query: 2, key: null }, query(2), 1],
  [
    "the pinned query, paired with a hovered key, though another key is pinned",
    key(1),
    { query: 2, key: 3 },
    query(2),
    1,
  ],
  ["the pinned key, paired with a hovered query", query(1), { query: null, key: 3 }, key(3), 1],
  ["a hovered query, though another is pinned", query(1), { query: 2, key: 3 }, query(1), null],
  ["a hovered key, though another is pinned", key(1), { query: null, key: 3 }, key(1), null],
])("in focus is %s", (_, hover, pins, focus, partner) => {
  expect(focusOf(hover, pins)).toEqual(focus);
  expect(partnerOf(hover, focusOf(hover, pins))).toBe(partner);
});
