/**
 * Views the bytes of a buffer that a host handed over. They still belong to the host.
 *
 * The one place that looks into received buffers: Jupyter gives a `DataView`, other hosts an `ArrayBuffer` or a
 * `Uint8Array` in the middle of a larger one (so `.buffer` alone is never right), VS Code an array of numbers.
 */
export function bytesOf(received: unknown): Uint8Array {
  if (ArrayBuffer.isView(received)) return new Uint8Array(received.buffer, received.byteOffset, received.byteLength);
  if (isArrayBuffer(received)) return new Uint8Array(received);
  if (Array.isArray(received)) return Uint8Array.from(received);
  throw new TypeError(`invalid buffer from the host: ${Object.prototype.toString.call(received)}`);
}

/** By tag and not `instanceof`, which is false for a buffer made in another frame. */
function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === "[object ArrayBuffer]";
}
