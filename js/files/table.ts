/** Where the tensors of a safetensors file stand, and that they are such as its description says. */
import { below, listOf, Malformed, oneOf, record } from "../source/check.js";
import { type Dtype, SIZES } from "./numbers.js";

/** Positions and lengths are below. */
const WHOLE = 2 ** 48;
const AXES = 4;

/** A tensor of the file. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly count: number;
  readonly begin: number;
  readonly end: number;
  readonly crc32: unknown;
}

const TENSOR = record({
  dtype: oneOf(...Object.keys(SIZES)),
  shape: listOf(below(WHOLE)),
  data_offsets: listOf(below(WHOLE), 2),
});

/** Takes JSON for a mapping. @throws Malformed */
export function mapping(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Malformed(`its ${what} is no mapping`);
}

/** What the description says of each tensor, and where the header says that it stands. */
export function placed(
  header: Record<string, unknown>,
  description: Record<string, unknown>,
  room: number,
): Map<string, Tensor> {
  const stated = new Map(Object.entries(mapping(description.tensors, "list of tensors")));
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  if (names.length !== stated.size || !names.every((name) => stated.has(name))) {
    throw new Malformed("it does not hold the tensors that its description names");
  }
  const found = new Map(names.map((name) => [name, tensorOf(name, header[name], stated.get(name))]));
  let end = 0;
  for (const one of [...found.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (one.begin !== end) throw new Malformed("its tensors overlap, or leave gaps");
    end = one.end;
  }
  if (end !== room) throw new Malformed(`its tensors are ${room} bytes and should be ${end}`);
  return found;
}

function tensorOf(name: string, header: unknown, stated: unknown): Tensor {
  const at = JSON.stringify(name);
  TENSOR(header, at);
  const { dtype, shape, data_offsets } = header as { dtype: Dtype; shape: number[]; data_offsets: number[] };
  const said = (stated ?? {}) as { dtype?: unknown; shape?: unknown; crc32?: unknown };
  if (said.dtype !== dtype || JSON.stringify(said.shape) !== JSON.stringify(shape)) {
    throw new Malformed(`${at} is not what its description says`);
  }
  if (shape.length > AXES) throw new Malformed(`the shape of ${at} is none`);
  const product = (lengths: number[]) => lengths.reduce((all, length) => all * length, 1);
  if (product(shape.map((length) => Math.max(1, length))) >= WHOLE)
    throw new Malformed(`${at} is larger than any file`);
  const [[begin, end], count] = [data_offsets, product(shape)];
  if (end - begin !== count * SIZES[dtype]) throw new Malformed(`${at} is not as long as its shape asks`);
  return { dtype, shape, count, begin, end, crc32: said.crc32 };
}
