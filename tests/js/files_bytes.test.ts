/** Files that are read by ranges from a server, and may become others meanwhile. */
import { describe, expect, it } from "vitest";
import { bytesOfServer, CHANGED, GONE, mebibytes, type RangedBytes } from "../../js/files/bytes.js";
import { OpenFile } from "../../js/files/capture.js";
import { FileSource } from "../../js/files/source.js";
import { fileNamed, following, readAll } from "./saved.js";

describe("a file on a server", () => {
  const data = fileNamed("saved/weights");
  const ranged = async ({ Range }: Record<string, string>) => {
    const [first, last] = /bytes=(\d+)-(\d+)/.exec(Range)?.slice(1).map(Number) ?? [];
    const headers = { "Content-Range": `bytes ${first}-${last}/${data.length}` };
    return new Response(data.slice(first, last + 1), { status: 206, headers });
  };

  it("is read by ranges", async () => {
    const bytes = await bytesOfServer(ranged, following.signal);
    expect(bytes?.size).toBe(data.length);
    const file = await OpenFile.open(bytes as RangedBytes, "weights.headscope", following.signal);
    const layer = await new FileSource(file).layer("self", 0, following);
    const [whole] = (await readAll(data)).layers;
    expect([...layer.row(0, 5)]).toEqual([...whole.row(0, 5)]);
  });

  it.each([
    ["when it was written", { "Last-Modified": "Mon, 30 Nov 2026 05:00:00 GMT" }],
    ["its mark", { ETag: '"another"' }],
    ["its size", { "Content-Range": `bytes 0-7/${data.length + 1}` }],
  ])("that has become another is told by %s", async (_, changed) => {
    const bytes = (await bytesOfServer(ranged, following.signal)) as RangedBytes;
    expect((await bytes.read(0, 8, following.signal)).length).toBe(8);
    const changing = async (asked: Record<string, string>) => {
      const { body, status, headers } = await ranged(asked);
      const isFirst = asked.Range === "bytes=0-0";
      return new Response(body, { status, headers: { ...Object.fromEntries(headers), ...(isFirst ? {} : changed) } });
    };
    const other = (await bytesOfServer(changing, following.signal)) as RangedBytes;
    await expect(other.read(0, 8, following.signal)).rejects.toThrow(CHANGED);
  });

  it.each([
    ["that is gone", 404, GONE],
    ["for which one has to sign in", 200, GONE],
    ["that has become shorter", 416, CHANGED],
    ["on a server that is overloaded", 503, "The server answers 503 in place of the file: try again later."],
  ])("%s says so", async (_, status, why) => {
    let isThere = true;
    const ask = async (asked: Record<string, string>) => (isThere ? ranged(asked) : new Response("no", { status }));
    const bytes = (await bytesOfServer(ask, following.signal)) as RangedBytes;
    isThere = false;
    await expect(bytes.read(0, 8, following.signal)).rejects.toThrow(why);
  });

  it("that gives none is not read as a whole", async () => {
    let isCancelled = false;
    const cancel = () => {
      isCancelled = true;
    };
    const body = new ReadableStream({ cancel });
    expect(await bytesOfServer(async () => new Response(body), following.signal)).toBeNull();
    expect(isCancelled).toBe(true);
  });
});

it("sizes are told whatever they are", () => {
  expect([2 ** 20, 3 * 2 ** 30, 5 * 2 ** 30].map(mebibytes)).toEqual(["1 MiB", "3072 MiB", "5120 MiB"]);
});
