import { PageModel } from "../page/model.js";
import type { Check } from "../source/check.js";
import type { Meta, Side } from "../store/meta.js";
import type { Selection } from "../store/selection.js";
import { SELECTION_CHECKS, SETTINGS_CHECKS } from "../store/trait_checks.js";

/** Where a view was left, and what keeps where it is. */
export interface Kept {
  /** What was kept before, by whatever version: only what fits is taken. */
  before: unknown;
  /** Called for every step: the hosts wait until there is a pause. */
  keep(what: unknown): void;
}

/** What of a view is told by its file and its host: all but the selection and the settings. */
const OF_THE_FILE = [
  "kind",
  "layers_bytes",
  "meta",
  "first",
  "first_data",
  "first_thumbnails",
  "first_thumbnails_data",
  "error",
];

/** The traits of a view of a file, which is found again where it was left. */
export class KeptModel extends PageModel {
  readonly #own: string[];

  constructor(
    traits: Record<string, unknown>,
    private readonly kept: Kept,
  ) {
    super({ ...traits, ...fitting(kept.before, traits) });
    this.#own = Object.keys(traits).filter((name) => !OF_THE_FILE.includes(name));
  }

  override save_changes(): void {
    const traits = Object.fromEntries(this.#own.map((name) => [name, this.get(name) ?? null]));
    this.kept.keep({ layers: layersIn(this.get("meta")), traits });
  }
}

/** Of the traits that were kept those that fit, if they are of a file with the same layers and tokens. */
function fitting(before: unknown, traits: Record<string, unknown>): Record<string, unknown> {
  const { layers, traits: kept } = fieldsIn(before);
  if (layers !== layersIn(traits.meta)) return {};
  const known = Object.entries(fieldsIn(kept)).filter(([name]) => name in traits && !OF_THE_FILE.includes(name));
  const fits = known.filter(([name, value]) => isOf(name, value));
  const isSelected = isPossible(
    { ...traits, ...Object.fromEntries(fits) } as unknown as Selection,
    traits.meta as Meta,
  );
  return Object.fromEntries(fits.filter(([name]) => isSelected || !(name in SELECTION_CHECKS)));
}

function fieldsIn(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

const CHECKS: Readonly<Record<string, Check>> = { ...SELECTION_CHECKS, ...SETTINGS_CHECKS };

function isOf(name: string, value: unknown): boolean {
  try {
    CHECKS[name]?.(value, name);
    return true;
  } catch {
    return false;
  }
}

/** Whether there is what is selected. */
function isPossible({ part, layer, heads, head, query, key }: Selection, { parts, sides }: Meta): boolean {
  const found = parts.find(({ name }) => name === part);
  const there = found?.layers.find((one) => one.layer === layer)?.heads;
  if (found === undefined || there === undefined) return false;
  const isToken = (at: number | null, side: number) => at === null || at < lengthOf(sides[side]);
  const hasHeads = heads.every((one) => one < there) && (head === null || heads.includes(head));
  return hasHeads && isToken(query, found.query_side) && isToken(key, found.key_side);
}

/** Of an axis whose tokens may yet have to be asked for. */
function lengthOf({ words, count }: Partial<Side> & { count?: number }): number {
  return words?.length ?? count ?? 0;
}

/** Which parts, layers, heads and how many tokens there are. */
function layersIn(meta: unknown): string {
  const { parts, sides } = meta as Meta;
  const counts = parts.map(({ name, layers }) => [name, layers.map(({ layer, heads }) => [layer, heads])]);
  return JSON.stringify([counts, sides.map(({ words }) => words?.length ?? 0)]);
}
