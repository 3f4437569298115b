import { PageModel } from "../page/model.js";
import type { Meta } from "../store/meta.js";
import type { WidgetModel } from "../widget/runtime.js";

type Hear = (content: unknown, buffers?: unknown) => void;

/** The first message of a server about a file. */
export interface Opening {
  kind: string;
  traits: Record<string, unknown>;
}

/** Where a view was left, and where that is kept. */
export interface Memory {
  recall(): Promise<unknown>;
  keep(what: unknown): void;
}

/** What of a view is not told by its file: the selection and the settings. */
const OF_THE_FILE = ["kind", "meta", "first", "first_data", "first_thumbnails", "first_thumbnails_data", "error"];
const KEEP_MS = 300;

/** The traits of a view of a saved capture, and its line to the server that has the file. */
export class FileModel extends PageModel implements WidgetModel {
  readonly #hearing = new Set<Hear>();
  readonly #own: string[];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param send Sends a message to the server.
   * @param before What was kept before, by whatever version: only what fits is taken.
   */
  constructor(
    traits: Record<string, unknown>,
    readonly send: (content: unknown) => void,
    before: unknown,
    private readonly keep: Memory["keep"],
  ) {
    super({ ...traits, ...fitting(before, traits) });
    this.#own = Object.keys(traits).filter((name) => !OF_THE_FILE.includes(name));
  }

  override save_changes(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const traits = Object.fromEntries(this.#own.map((name) => [name, this.get(name) ?? null]));
      this.keep({ layers: layersIn(this.get("meta")), traits });
    }, KEEP_MS);
  }

  override on(event: string, callback: Hear & (() => void)): void {
    if (event === "msg:custom") this.#hearing.add(callback);
    else super.on(event, callback);
  }

  override off(event: string, callback: Hear & (() => void)): void {
    if (event === "msg:custom") this.#hearing.delete(callback);
    else super.off(event, callback);
  }

  /** Hands a message of the server to those who wait for one. */
  hear({ content, buffers }: Message): void {
    for (const hear of [...this.#hearing]) hear(content, buffers);
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

/** What python/headscope/server/stage.py sends. */
export interface Message {
  content: unknown;
  buffers: Uint8Array[];
}

/** Reads a message: the length of its JSON, the JSON, and the buffers whose lengths it tells. */
export function readMessage(data: ArrayBuffer): Message {
  const length = new DataView(data).getUint32(0, true);
  const { content, lengths } = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  let start = 4 + length;
  const buffers = (lengths as number[]).map((bytes) => {
    start += bytes;
    return new Uint8Array(data, start - bytes, bytes);
  });
  return { content, buffers };
}
