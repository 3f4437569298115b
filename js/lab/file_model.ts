import { type Kept, KeptModel } from "../files/kept_model.js";
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

/** The traits of a view of a saved capture, and its line to the server that has the file. */
export class FileModel extends KeptModel implements WidgetModel {
  readonly #hearing = new Set<Hear>();

  /** @param send Sends a message to the server. */
  constructor(
    traits: Record<string, unknown>,
    readonly send: (content: unknown) => void,
    kept: Kept,
  ) {
    super(traits, kept);
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
