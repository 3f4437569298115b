const LEAST_BYTES = 8 << 20;

const MOST_BYTES = 64 << 20;

/** Bytes of a cache of rows: 64 rows of every head, of a long text in any case 32, more than a window shows. */
export function cacheBytes(heads: number, length: number): number {
  const row = heads * length * Float32Array.BYTES_PER_ELEMENT;
  return Math.max(LEAST_BYTES, Math.min(64 * row, MOST_BYTES), 32 * row);
}

/** Keeps the values used last, as many as fit in a budget of bytes. */
export class Cache<Key, Value> {
  readonly #kept = new Map<Key, { value: Value; bytes: number }>();
  #bytes = 0;

  constructor(public budgetBytes: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  has(key: Key): boolean {
    return this.#kept.has(key);
  }

  get(key: Key): Value | undefined {
    const entry = this.#kept.get(key);
    if (entry === undefined) return undefined;
    this.#kept.delete(key); // a Map iterates in the order of insertion: what was used last stands last
    this.#kept.set(key, entry);
    return entry.value;
  }

  /** Adds a value. The newest is kept even where it alone is over the budget. */
  set(key: Key, value: Value, bytes: number): void {
    this.delete(key);
    this.#kept.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.budgetBytes || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const entry = this.#kept.get(key);
    if (entry === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= entry.bytes;
  }
}
