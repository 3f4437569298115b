/** Files that are read by ranges from a server, and may become others meanwhile. */
import { describe, expect, it } from "vitest";
import { bytesOfServer, CHANGED, GONE, mebibytes, type RangedBytes } from "../../js/files/bytes.js";
import { OpenFile } from "../../js/files/capture.js";
import { FileSource } from "../../js/files/source.js";
import { fileNamed, following, readAll } from "./saved.js";

/** Answers as Jupyter's server does: what is asked for as a whole comes with another status. */
function serverOf(data: Uint8Array<ArrayBuffer>, marks: Record<string, string> = {}) {
  const asked: string[] = [];
  const answer = async ({ Range }: Record<string, string>) => {
    asked.push(Range);
    const [first, last] = /bytes=(\d+)-(\d+)/.exec(Range)?.slice(1).map(Number) ?? [];
    const part = data.slice(first, last + 1);
    const isWhole = part.length === data.length;
    const range: Record<string, string> = isWhole
      ? {}
      : { "Content-Range": `bytes ${first}-${first + part.length - 1}/${data.length}` };
    const headers = { "Accept-Ranges": "bytes", "Content-Length": `${part.length}`, ...range, ...marks };
    return new Response(part, { status: isWhole ? 200 : 206, headers });
  };
  return { asked, answer };
}

async function opened(answer: ReturnType<typeof serverOf>["answer"]): Promise<RangedBytes> {
  return (await bytesOfServer(answer, following.signal)) as RangedBytes;
}

const large = Uint8Array.from({ length: 1 << 20 }, (_, at) => at % 251);
const BEHIND = 1 << 19;
const readOn = ({ read }: RangedBytes) => read(BEHIND, BEHIND + 8, following.signal);

describe("a file on a server", () => {
  it("is read by ranges, its beginning with the first answer", async () => {
    const { asked, answer } = serverOf(large);
    const bytes = await opened(answer);
    expect(bytes.size).toBe(large.length);
    expect([...(await bytes.read(3, 9, following.signal))]).toEqual([...large.slice(3, 9)]);
    expect([...(await readOn(bytes))]).toEqual([...large.slice(BEHIND, BEHIND + 8)]);
    expect(asked.slice(1)).toEqual([`bytes=${BEHIND}-${BEHIND + 7}`]);
  });

  it("that is short comes at once", async () => {
    const data = fileNamed("saved/weights");
    const { asked, answer } = serverOf(data);
    const file = await OpenFile.open(await opened(answer), "weights.headscope", following.signal);
    const layer = await new FileSource(file).layer("self", 0, following);
    const [whole] = (await readAll(data)).layers;
    expect([...layer.row(0, 5)]).toEqual([...whole.row(0, 5)]);
    expect(asked.length).toBe(1);
  });

  it.each([
    ["when it was written", large, { "Last-Modified": "Mon, 30 Nov 2026 05:00:00 GMT" }],
    ["its mark", large, { ETag: '"another"' }],
    ["its size", Uint8Array.from([...large, 0]), {}],
  ])("that has become another is told by %s", async (_, data, marks) => {
    let { answer } = serverOf(large);
    const bytes = await opened((asked) => answer(asked));
    expect((await readOn(bytes)).length).toBe(8);
    answer = serverOf(data, marks).answer;
    await expect(readOn(bytes)).rejects.toThrow(CHANGED);
  });

  it.each([
    ["that is gone", 404, GONE],
    ["for which one has to sign in", 200, GONE],
    ["that has become shorter", 416, CHANGED],
    ["on a server that is overloaded", 503, "The server answers 503 in place of the file: try again later."],
  ])("%s says so", async (_, status, why) => {
    let { answer } = serverOf(large);
    const bytes = await opened((asked) => answer(asked));
    answer = async () => new Response("no", { status });
    await expect(readOn(bytes)).rejects.toThrow(why);
  });

  it.each([
    ["of ranges", { "Content-Length": "100" }],
    ["of length", { "Accept-Ranges": "bytes" }],
    ["that fits", { "Accept-Ranges": "bytes", "Content-Length": `${2 ** 30}` }],
  ])("whose answer tells nothing %s is not read as a whole", async (_, headers) => {
    let isCancelled = false;
    const cancel = () => {
      isCancelled = true;
    };
    const body = new ReadableStream({ cancel });
    expect(await bytesOfServer(async () => new Response(body, { headers }), following.signal)).toBeNull();
    expect(isCancelled).toBe(true);
  });
});

it("sizes are told whatever they are", () => {
  expect([2 ** 20, 3 * 2 ** 30, 5 * 2 ** 30].map(mebibytes)).toEqual(["1 MiB", "3072 MiB", "5120 MiB"]);
});
