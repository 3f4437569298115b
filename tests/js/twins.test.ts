import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { VERSION as FILE_VERSION } from "../../js/files/capture.js";
import { VERSION } from "../../js/source/request.js";
import { START } from "../../js/store/selection.js";
import { DEFAULTS, PAIR_FILTERS } from "../../js/store/settings.js";

/** Python's half of a feature. */
function python(path: string): string {
  return readFileSync(new URL(`../../python/headscope/${path}.py`, import.meta.url), "utf8");
}

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1]);
}

it("the selection has the fields that it has in Python", () => {
  const body = /class Selection:(.*?)^\S/ms.exec(python("widgets/selection"))?.[1] ?? "";
  expect(all(body, /^ {4}(\w+): /gm)).toEqual(Object.keys(START));
});

it("the settings have the names that they have in Python", () => {
  expect(all(python("widgets/settings"), /^ {4}(\w+) = /gm)).toEqual(Object.keys(DEFAULTS));
});

it("the pair filters are those of Python", () => {
  const line = /^PAIR_FILTERS = (.*)$/m.exec(python("answers/display"))?.[1] ?? "";
  expect(all(line, /"([^"]+)"/g)).toEqual([...PAIR_FILTERS]);
});

it("the protocol has the version that it has in Python", () => {
  expect(all(python("widgets/protocol"), /^VERSION = (\d+)$/gm)).toEqual([String(VERSION)]);
});

it("saved files have the version that they have in Python", () => {
  expect(all(python("files/save"), /^VERSION = (\d+)$/gm)).toEqual([String(FILE_VERSION)]);
});

it.each([
  ["Header", "packet", "widgets/packet", /def header_of\(.*?\n\n\n/s],
  ["ThumbnailHeader", "thumbnails", "widgets/thumbnails", /header: dict.*?\n {4}\}/s],
  ["LinksHeader", "links", "widgets/links_packet", /header: dict.*?\n {8}\}/s],
  ["LinksQuestion", "links", "answers/links", /class Pair:.*?\n\n\n/s],
  ["ThumbnailQuestion", "source", "widgets/thumbnails", /class Question:.*?\n\n\n/s],
  ["TileHeader", "tiles", "widgets/tiles", /header: dict.*?\n {4}\}/s],
  ["TileQuestion", "source", "widgets/tiles", /class TileQuestion:.*?\n\n\n/s],
])("%s has the fields that it has in Python", (name, ours, theirs, where) => {
  const text = readFileSync(new URL(`../../js/source/${ours}.ts`, import.meta.url), "utf8");
  const body = new RegExp(`interface ${name} \\{(.*?)^\\}`, "ms").exec(text)?.[1] ?? "";
  const fields = all(where.exec(python(theirs))?.[0] ?? "", /^ {4}(?:(?: {4}| {8})")?(\w+)"?: /gm);
  expect(fields.length).toBeGreaterThan(3);
  expect(fields).toEqual(all(body, /^ {2}(?:readonly )?(\w+): /gm));
});
