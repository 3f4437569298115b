/** Numbers as they stand in a file, made into those with which is computed. Little-endian, as every browser's are. */

/** Bytes of one number, by what safetensors calls its kind. */
export const SIZES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1 } as const;
export type Dtype = keyof typeof SIZES;

export const FLOATS: readonly Dtype[] = ["F32", "F64", "F16", "BF16"];

export type Bytes = Uint8Array<ArrayBuffer>;

/** Numbers of any of `FLOATS`. */
export function floatsOf(dtype: Dtype, { buffer }: Bytes): Float32Array<ArrayBuffer> {
  if (dtype === "F32") return new Float32Array(buffer);
  if (dtype === "F64") return Float32Array.from(new Float64Array(buffer));
  const halves = new Uint16Array(buffer);
  const bits = Uint32Array.from(halves, dtype === "BF16" ? (half) => half << 16 : widened);
  return new Float32Array(bits.buffer);
}

/** The bits of a float32 that is the float16 of these bits. */
function widened(half: number): number {
  const sign = (half & 0x8000) << 16;
  const [exponent, rest] = [(half >> 10) & 31, half & 1023];
  if (exponent === 31) return sign | 0x7f800000 | (rest << 13);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (rest << 13);
  if (rest === 0) return sign;
  const zeros = Math.clz32(rest) - 21; // a subnormal number is a normal float32
  return sign | ((113 - zeros) << 23) | (((rest << zeros) & 1023) << 13);
}

/**
 * Numbers with their axes in order.
 *
 * @param shape In the order of the file.
 * @param axes Which axis each of these is.
 */
export function inOrder(numbers: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  if (axes.every((axis, at) => axis === at)) return numbers;
  const steps = shape.map((_, at) => shape.slice(at + 1).reduce((all, length) => all * length, 1));
  const place = [0, 1, 2].map((axis) => axes.indexOf(axis));
  const [count, rows, width] = place.map((at) => shape[at]);
  const [step, down, across] = place.map((at) => steps[at]);
  const ordered = new Float32Array(numbers.length);
  let into = 0;
  for (let one = 0; one < count; one++) {
    for (let row = 0; row < rows; row++) {
      const from = one * step + row * down;
      for (let at = 0; at < width; at++) ordered[into++] = numbers[from + at * across];
    }
  }
  return ordered;
}
