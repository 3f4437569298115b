import type { LayerData } from "./layer.js";
import { type ArrayEntry, decode, type Header, type Packet } from "./packet.js";
import { VectorLayer } from "./vector_layer.js";

/** The header of a layer whose vectors have 16 and 8 bits a number (python/headscope/export/short.py). */
export interface ShortHeader extends Omit<Header, "arrays" | "form"> {
  form: "short";
  arrays: (Omit<ArrayEntry, "dtype"> & { dtype: ArrayEntry["dtype"] | "int16" | "int8" })[];
  /** How far a weight is from the exact one, at most. */
  within: number;
}

/** A layer computed from vectors that were rounded to fit into a page. */
export class ShortLayer extends VectorLayer implements LayerData {
  override readonly rounding: number;

  constructor(header: ShortHeader, payload: Uint8Array) {
    super(widened(header, payload));
    this.rounding = header.within;
  }
}

/** The same packet with its vectors as float32. */
function widened(header: ShortHeader, payload: Uint8Array): Packet {
  const packet = decode(header as unknown as Header, [payload]);
  const vectors = new Map<string, Float32Array>();
  for (const { name, dtype, shape, offset } of header.arrays) {
    if (dtype !== "int16" && dtype !== "int8") continue;
    const at = payload.byteOffset + offset;
    const length = shape.reduce((product, size) => product * size, 1);
    const whole =
      dtype === "int8" ? new Int8Array(payload.buffer, at, length) : new Int16Array(payload.buffer, at, length);
    const scale = packet.floats(`${name}_scale`);
    const width = length / scale.length;
    vectors.set(
      name,
      Float32Array.from(whole, (number, index) => number * scale[Math.floor(index / width)]),
    );
  }
  return { ...packet, floats: (name) => vectors.get(name) ?? packet.floats(name) };
}
