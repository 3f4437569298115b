/** What the extension for VS Code and the page of its editors say to each other. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CHANGED, MOST_BYTES } from "../../js/files/bytes.js";
import { Capture } from "../../js/vscode/capture.js";
import { Line } from "../../js/vscode/line.js";
import { type Answer, type Question, questionIn } from "../../js/vscode/messages.js";

const elsewhere = vi.hoisted(() => ({ size: 5, data: Buffer.from("<hello>").subarray(1, 6) }));
vi.mock("vscode", () => ({
  workspace: { fs: { stat: async () => ({ size: elsewhere.size }), readFile: async () => elsewhere.data } },
}));

const folder = mkdtempSync(join(tmpdir(), "headscope"));
const path = join(folder, "a & <b>.headscope");
const uri = { scheme: "file", path, fsPath: path };

afterEach(() => {
  rmSync(path, { force: true });
  elsewhere.size = 5;
});

describe("the extension", () => {
  it("hands over ranges in memory of their own", async () => {
    writeFileSync(path, "hello");
    const capture = new Capture(uri);
    const answer = await capture.answer({ id: 7, start: 1, end: 3 });
    expect(answer).toEqual({ id: 7, size: 5, name: "a & <b>.headscope", bytes: new TextEncoder().encode("el") });
    const { bytes } = answer as Extract<Answer, { bytes: Uint8Array }>;
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer.byteLength).toBe(2);
    capture.dispose();
  });

  it("hands over nothing of a file that has become another", async () => {
    writeFileSync(path, "hello");
    const capture = new Capture(uri);
    await capture.answer({ id: 1, start: 0, end: 0 });
    writeFileSync(path, "jello!");
    expect(await capture.answer({ id: 2, start: 0, end: 5 })).toEqual({ id: 2, error: CHANGED });
    capture.dispose();
  });

  it("says why there is nothing, and opens the file anew when it is asked again", async () => {
    const capture = new Capture(uri);
    expect(await capture.answer({ id: 1, start: 0, end: 1 })).toEqual({
      id: 1,
      error: expect.stringContaining("ENOENT"),
    });
    writeFileSync(path, "hello");
    expect(await capture.answer({ id: 2, start: 0, end: 1 })).toMatchObject({ id: 2, size: 5 });
    capture.dispose();
  });

  it("reads files of other systems by way of VS Code, unless they are large", async () => {
    const remote = { scheme: "vscode-vfs", path: "/a.headscope", fsPath: "/a.headscope" };
    const { bytes } = (await new Capture(remote).answer({ id: 1, start: 1, end: 3 })) as { bytes: Uint8Array };
    expect([bytes.constructor, bytes.buffer.byteLength, [...bytes]]).toEqual([Uint8Array, 2, [101, 108]]);
    elsewhere.size = 3 * 2 ** 30;
    expect(await new Capture(remote).answer({ id: 2, start: 0, end: 1 })).toMatchObject({
      error: "the file is 3072 MiB, and of files on vscode-vfs at most 256 MiB are opened: copy it here.",
    });
  });

  it.each([
    null,
    "read",
    { id: 1, start: 0 },
    { id: 1, start: -1, end: 3 },
    { id: 1, start: 3, end: 1 },
    { id: 1, start: 0, end: 1e300 },
    { id: "1", start: 0, end: 1 },
    { id: 1, start: 0, end: MOST_BYTES + 1 },
  ])("takes %o for no question", (message) => {
    expect(questionIn(message)).toBeNull();
  });
});

describe("the page", () => {
  function lined() {
    const page = new EventTarget();
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    const asked: Question[] = [];
    const line = new Line((question) => asked.push(question));
    const say = (data: unknown) => page.dispatchEvent(Object.assign(new Event("message"), { data }));
    return { line, asked, say };
  }

  it("is told what it asked, whatever else is said", async () => {
    const { line, asked, say } = lined();
    const [first, second] = [line.ask(0, 3), line.ask(3, 5)];
    say(undefined);
    say({ id: 99, size: 1, name: "", bytes: new Uint8Array(1) });
    say({ id: asked[1].id, size: 5, name: "a", bytes: Uint8Array.of(4, 5) });
    say({ id: asked[0].id, size: 5, name: "a", bytes: Uint8Array.of(1, 2, 3) });
    expect([...(await first).bytes]).toEqual([1, 2, 3]);
    expect([...(await second).bytes]).toEqual([4, 5]);
  });

  it("is told what could not be read, and can ask again", async () => {
    const { line, asked, say } = lined();
    const first = line.ask(0, 3);
    say({ id: asked[0].id, error: "EACCES: permission denied" });
    await expect(first).rejects.toThrow("EACCES: permission denied");
    const second = line.ask(0, 3);
    expect(asked[1].id).not.toBe(asked[0].id);
    say({ id: asked[1].id, size: 3, name: "a", bytes: Uint8Array.of(1, 2, 3) });
    expect((await second).bytes.length).toBe(3);
  });
});
