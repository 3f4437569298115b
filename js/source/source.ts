import type { LayerData } from "./layer.js";

/** How a caller follows an answer. */
export interface Following {
  /** Ends the interest in the answer; the promise then never settles with a layer. */
  signal: AbortSignal;
  /** Called with the share that is done, 0 to 1, where the source can tell. */
  onProgress?(done: number): void;
}

/** Where answers come from. A view never knows which implementation it talks to. */
export interface Source {
  /** The layer if it is at hand, at no cost. */
  peek(part: string, layer: number): LayerData | undefined;
  /**
   * Asks for a layer.
   *
   * @throws SourceError if there is no answer; the abort reason if the signal ended it.
   */
  layer(part: string, layer: number, following: Following): Promise<LayerData>;
}

/** An answer that says why there is none. `name` is that of the Python exception, such as "RefusedLayer". */
export class SourceError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}
