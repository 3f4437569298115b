import { afterEach, describe, expect, it } from "vitest";
import { sharedSource } from "../../js/source/shared.js";
import { synthesize } from "../browser/page/synthetic.js";
import { Line } from "./line.js";

const capture = synthesize({ tokens: ["a", "b", "c"], heads: 2, groups: 1, layers: 3 });

/** A widget: its line, and how it is closed. */
class Widget {
  readonly wire = new Line();
  readonly #ending = new AbortController();
  readonly source;
  constructor(name = "one capture") {
    this.source = sharedSource(name, { wire: this.wire, closed: this.#ending.signal }, false);
    open.push(this);
  }
  layer(layer: number) {
    return this.source.layer("self", layer, { signal: new AbortController().signal });
  }
  close(): void {
    this.#ending.abort();
  }
}

let open: Widget[] = [];
afterEach(() => {
  for (const widget of open) widget.close();
  open = [];
});

describe("widgets on one capture", () => {
  it("share layers: one asks, both have", async () => {
    const [a, b] = [new Widget(), new Widget()];
    const answers = [a.layer(1), b.layer(1)];
    a.wire.chunk(capture.packet(1));
    expect(await answers[1]).toBe(await answers[0]);
    expect(await b.layer(1)).toBe(await answers[0]);
    expect([a.wire.sent.length, b.wire.sent.length]).toEqual([1, 0]);
  });

  it("are apart from those on another", () => {
    expect(new Widget().source).not.toBe(new Widget("another").source);
  });

  it("ask over another's line when the first is closed", async () => {
    const [a, b] = [new Widget(), new Widget()];
    a.close();
    const answer = b.layer(0);
    expect([a.wire.sent.length, b.wire.sent.length]).toEqual([0, 1]);
    b.wire.chunk(capture.packet(0));
    expect((await answer).layer).toBe(0);
  });

  it("go on over another's line when the one in use is closed, and keep what has come", async () => {
    const [a, b] = [new Widget(), new Widget()];
    const answer = b.layer(0);
    a.wire.chunk(capture.packet(0), 0, 2);
    a.close();
    expect(a.wire.listeners).toHaveLength(0);
    await Promise.resolve();
    b.wire.chunk(capture.packet(0), 1, 2);
    expect((await answer).row(0, 2)).toHaveLength(3);
  });

  it("say so when the last is closed", async () => {
    const [a, b] = [new Widget(), new Widget()];
    const answer = b.layer(0);
    b.close();
    a.close();
    await expect(answer).rejects.toMatchObject({ name: "ViewClosed" });
  });

  it("let go of everything when the last is closed, not before", async () => {
    const [a, b] = [new Widget(), new Widget()];
    const { source } = a;
    a.close();
    expect(new Widget().source).toBe(source);
    for (const widget of open) widget.close();
    expect(new Widget().source).not.toBe(source);
    expect(b.source).toBe(source);
  });

  it("have one global, by the version", () => {
    new Widget();
    const symbols = Object.getOwnPropertySymbols(globalThis).map((symbol) => symbol.description ?? "");
    expect(symbols.filter((name) => name.startsWith("headscope"))).toEqual(["headscope:test"]);
  });
});

it("a line that is closed already keeps nothing alive", () => {
  const closed = { wire: new Line(), closed: AbortSignal.abort() };
  expect(sharedSource("gone", closed, false)).not.toBe(sharedSource("gone", closed, false));
});
