import type { Meta } from "../../store/meta.js";
import { range, type Selection } from "../../store/selection.js";
import { DEFAULTS, type Settings } from "../../store/settings.js";

/** Python lines that bring a new view of the same capture to a selection and settings. */
export function codeOf(meta: Meta, heads: number, selection: Selection, settings: Settings): string {
  const { part, ...rest } = selection;
  const named = Object.entries({ ...(meta.parts.length > 1 ? { part } : {}), ...rest });
  const chosen = named.filter(([, value]) => value !== null);
  const spelled = chosen.map(([name, value]) => `${name}=${name === "heads" ? headsOf(value, heads) : python(value)}`);
  const changed = Object.entries(settings).filter(([name, value]) => python(value) !== python(defaultOf(name)));
  return [
    `view.select(${spelled.join(", ")})`,
    ...changed.map(([name, value]) => `view.${name} = ${python(value)}`),
  ].join("\n");
}

function headsOf(value: unknown, count: number): string {
  const all = python(range(count));
  return count > 1 && python(value) === all ? `range(${count})` : python(value);
}

function defaultOf(name: string): unknown {
  return DEFAULTS[name as keyof Settings];
}

/** A plain value, or a list of them, as Python spells it. */
function python(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}
