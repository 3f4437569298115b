import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KernelSource } from "../../js/source/kernel.js";
import type { Wire } from "../../js/source/lines.js";
import { RETRY_MS } from "../../js/source/request.js";
import { synthesize } from "../browser/page/synthetic.js";
import { Line, sourceOver } from "./line.js";

const capture = synthesize({ tokens: ["a", "b", "c"], heads: 2, groups: 1, layers: 3 });

let line: Line;
let source: KernelSource;

const ending = () => new AbortController();

beforeEach(() => {
  vi.useFakeTimers();
  line = new Line();
  source = sourceOver(line);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a layer from the kernel", () => {
  it("is asked for by a typed request", () => {
    source.layer("self", 2, { signal: ending().signal }).catch(() => {});
    const { id, ...request } = line.sent[0];
    expect(request).toEqual({ v: 1, kind: "request", op: "layer", args: { part: "self", layer: 2 }, limit: 63 << 16 });
    expect(id).toMatch(/^\w+-\w+$/);
  });

  it("asks VS Code for smaller messages", () => {
    sourceOver(line, true)
      .layer("self", 0, { signal: ending().signal })
      .catch(() => {});
    expect(line.sent[0].limit).toBe(15 << 16);
  });

  it("is put together from pieces in any order, some of them twice", async () => {
    const progress: number[] = [];
    const answer = source.layer("self", 0, { signal: ending().signal, onProgress: (done) => progress.push(done) });
    line.deliver({ v: 1, id: line.sent[0].id, kind: "progress", done: 0.2 });
    for (const index of [2, 0, 2, 1]) line.chunk(capture.packet(0), index, 3);
    const layer = await answer;
    expect(progress).toEqual([0.2, 1 / 3, 2 / 3, 2 / 3, 1]);
    const expected = capture.weights(0, 1)[2];
    layer.row(1, 2).forEach((weight, key) => {
      expect(weight).toBeCloseTo(expected[key], 6);
    });
    expect(line.listeners).toHaveLength(0);
  });

  it("is asked for once", async () => {
    const answer = source.layer("self", 0, { signal: ending().signal });
    line.chunk(capture.packet(0));
    const layer = await answer;
    expect(await source.layer("self", 0, { signal: ending().signal })).toBe(layer);
    expect(source.peek("self", 0)).toBe(layer);
    expect(line.sent).toHaveLength(1);
  });

  it("is asked for once by two who wait for it, both of whom see how far it is", async () => {
    const progress: string[] = [];
    const answers = ["a", "b"].map((name) =>
      source.layer("self", 0, { signal: ending().signal, onProgress: () => progress.push(name) }),
    );
    line.chunk(capture.packet(0));
    const [a, b] = await Promise.all(answers);
    expect([a === b, line.sent.length, progress]).toEqual([true, 1, ["a", "b"]]);
  });

  it("is cancelled only when none of those who wait for it is interested any more", async () => {
    const [first, second] = [ending(), ending()];
    const answers = [first, second].map(({ signal }) => source.layer("self", 0, { signal }));
    first.abort();
    await expect(answers[0]).rejects.toThrow("abort");
    expect(line.sent.map(({ kind }) => kind)).toEqual(["request"]);
    second.abort();
    await expect(answers[1]).rejects.toThrow("abort");
    expect(line.sent.map(({ kind }) => kind)).toEqual(["request", "cancel"]);
    const again = source.layer("self", 0, { signal: ending().signal });
    expect(line.sent[2].kind).toBe("request"); // and not told that it was cancelled
    line.chunk(capture.packet(0), 0, 1, line.sent[2].id);
    expect((await again).layer).toBe(0);
  });

  it("is asked for again after 20 s of silence, then 40, under the same id", () => {
    source.layer("self", 0, { signal: ending().signal }).catch(() => {});
    vi.advanceTimersByTime(RETRY_MS);
    expect(line.sent).toHaveLength(2);
    vi.advanceTimersByTime(2 * RETRY_MS - 1);
    expect(line.sent).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(line.sent).toHaveLength(3);
    expect(new Set(line.sent.map(({ id }) => id)).size).toBe(1);
  });

  it("is not asked for again while it is coming", () => {
    source.layer("self", 0, { signal: ending().signal }).catch(() => {});
    vi.advanceTimersByTime(RETRY_MS - 1);
    line.chunk(capture.packet(0), 0, 2);
    vi.advanceTimersByTime(RETRY_MS - 1);
    expect(line.sent).toHaveLength(1);
  });

  it("is cancelled by its signal, in the kernel too, and leaves nothing behind", async () => {
    const controller = ending();
    const answer = source.layer("self", 0, { signal: controller.signal });
    controller.abort();
    await expect(answer).rejects.toThrow("abort");
    expect(line.sent.map(({ kind }) => kind)).toEqual(["request", "cancel"]);
    expect(line.sent[1].id).toBe(line.sent[0].id);
    expect([line.listeners.length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("is not asked for at all under a signal that has ended", async () => {
    await expect(source.layer("self", 0, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
    expect([line.sent.length, line.listeners.length]).toEqual([0, 0]);
  });

  it("that is refused gives Python's words", async () => {
    const answer = source.layer("self", 0, { signal: ending().signal });
    line.deliver({ v: 1, id: line.sent[0].id, kind: "error", error: "RefusedLayer", message: "no such mechanism" });
    await expect(answer).rejects.toMatchObject({ name: "RefusedLayer", message: "no such mechanism" });
    expect([line.listeners.length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("from a kernel of another version says what to do", async () => {
    const answer = source.layer("self", 0, { signal: ending().signal });
    line.deliver({ v: 2, id: line.sent[0].id, kind: "chunk" });
    await expect(answer).rejects.toThrow("Restart the kernel or reload the page.");
  });

  it("on a page without a kernel says so", async () => {
    const page: Wire = { on: () => {}, off: () => {} };
    const answer = sourceOver(page).layer("self", 0, { signal: ending().signal });
    await expect(answer).rejects.toThrow("This page has no kernel to ask.");
  });

  it("over a line that the host has closed fails, and leaves nothing behind", async () => {
    line.send = () => {
      throw new Error("the comm is closed");
    };
    await expect(source.layer("self", 0, { signal: ending().signal })).rejects.toThrow("the comm is closed");
    expect([line.listeners.length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("is not disturbed by messages that are no answer to it", async () => {
    const answer = source.layer("self", 0, { signal: ending().signal });
    for (const content of [null, "text", { kind: "anywidget-command" }, { v: 1, id: "other", kind: "error" }]) {
      line.deliver(content);
    }
    line.deliver({ v: 1, id: line.sent[0].id, kind: "of a later version" });
    line.chunk(capture.packet(0));
    expect((await answer).layer).toBe(0);
  });

  it("that arrives damaged says so", async () => {
    const answer = source.layer("self", 0, { signal: ending().signal });
    const { header } = capture.packet(0);
    line.deliver({ v: 1, id: line.sent[0].id, kind: "chunk", layer: 0, index: 0, of: 1, header }, [[1, 2, 3]]);
    await expect(answer).rejects.toThrow("arrived damaged");
  });
});
