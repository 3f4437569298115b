/** The panes share one page and its styles, so what one of them calls a part of itself no other may. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const VIEWS = "js/views";

/** The classes with which a folder's rules begin. */
function classesOf(folder: string): Set<string> {
  const files = readdirSync(`${VIEWS}/${folder}`).filter((name) => name.endsWith(".css"));
  const text = files.map((name) => readFileSync(`${VIEWS}/${folder}/${name}`, "utf8")).join("\n");
  return new Set([...text.matchAll(/^\s*\.([a-z-]+)/gm)].map(([, name]) => name));
}

it("no two panes style the same class, unless it is shared", () => {
  const shared = classesOf("shared");
  const owners = new Map<string, string[]>();
  for (const pane of ["explorer", "model", "head", "neuron"]) {
    for (const name of classesOf(pane)) if (!shared.has(name)) owners.set(name, [...(owners.get(name) ?? []), pane]);
  }
  expect(owners.size).toBeGreaterThan(50);
  expect([...owners].filter(([, panes]) => panes.length > 1)).toEqual([]);
});
