import { SourceError } from "./source.js";

/** The half of a widget's model that carries messages. */
export interface Wire {
  on(event: "msg:custom", callback: (content: unknown, buffers?: unknown) => void): void;
  off(event: "msg:custom", callback: (content: unknown, buffers?: unknown) => void): void;
  /** Absent on a page without a kernel. */
  send?(content: unknown): void;
}

/** The wire of a widget, and when it ends. */
export interface Line {
  wire: Wire;
  closed: AbortSignal;
}

/** The wires of all living widgets that show one capture. Any of them will do to ask about it. */
export class Lines {
  readonly #open = new Set<Line>();

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  add(line: Line): void {
    if (line.closed.aborted) return;
    this.#open.add(line);
    line.closed.addEventListener("abort", () => this.#open.delete(line), { once: true });
  }

  /** The one to ask over now. */
  any(): Line {
    for (const line of this.#open) return line;
    throw new SourceError("ViewClosed", "The view that asked for this was closed.");
  }
}
