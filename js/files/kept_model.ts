import { PageModel } from "../page/model.js";
import type { Meta } from "../store/meta.js";

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

/** The traits that were kept, if they are of a file with the same layers and tokens. */
function fitting(before: unknown, traits: Record<string, unknown>): Record<string, unknown> {
  const { layers, traits: kept } = (before ?? {}) as { layers?: unknown; traits?: Record<string, unknown> };
  if (layers !== layersIn(traits.meta) || typeof kept !== "object") return {};
  return Object.fromEntries(Object.entries(kept).filter(([name]) => name in traits && !OF_THE_FILE.includes(name)));
}

/** Which parts, layers, heads and how many tokens there are. */
function layersIn(meta: unknown): string {
  const { parts, sides } = meta as Meta;
  const counts = parts.map(({ name, layers }) => [name, layers.map(({ layer, heads }) => [layer, heads])]);
  return JSON.stringify([counts, sides.map(({ words }) => words?.length ?? 0)]);
}
