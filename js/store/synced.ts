import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";

/** The half of a widget's model that carries state. */
export interface Traits {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: `change:${string}`, callback: () => void): void;
  off(event: `change:${string}`, callback: () => void): void;
}

/**
 * A value whose fields are traits of the same names. This is the only place where traits and the browser meet.
 *
 * Fields move together: what is written here is one message to Python, and what comes from there is read as a whole,
 * since hosts set all fields of a step before they tell of the first.
 */
export class Synced<Value extends object> {
  readonly #value: Signal<Value>;
  readonly #settled: Signal<Value>;
  readonly #fields: (keyof Value & string)[];
  #writing = false;

  /** @param defaults Names the fields, and stands in for a trait that the model does not have. */
  constructor(
    private readonly model: Traits,
    private readonly defaults: Value,
    until: AbortSignal,
  ) {
    this.#fields = Object.keys(defaults) as (keyof Value & string)[];
    this.#value = signal(this.#read());
    this.#settled = signal(this.#value.peek());
    for (const field of this.#fields) model.on(`change:${field}`, this.#onChange);
    until.addEventListener("abort", () => {
      for (const field of this.#fields) model.off(`change:${field}`, this.#onChange);
    });
  }

  get value(): ReadonlySignal<Value> {
    return this.#value;
  }

  /** The same, but for what is only previewed. */
  get settled(): ReadonlySignal<Value> {
    return this.#settled;
  }

  /** Shows a value without telling Python: for a control that is still being dragged. */
  preview(value: Value): void {
    this.#value.value = value;
  }

  /** Sets those fields that differ from the traits, in one step. */
  write(value: Value): void {
    if (this.assign(value)) this.model.save_changes();
  }

  /** Does what `write` does but for sending, so that several values go in one step. Returns whether there is anything. */
  assign(value: Value): boolean {
    const changed = this.#fields.filter((field) => !same(this.model.get(field), value[field]));
    this.#show(value);
    if (changed.length === 0) return false;
    this.#writing = true; // setting a trait tells our own listeners at once, half a step too early
    try {
      for (const field of changed) this.model.set(field, value[field]);
    } finally {
      this.#writing = false;
    }
    return true;
  }

  readonly #onChange = (): void => {
    if (this.#writing) return;
    const value = this.#read();
    if (!sameFields(value, this.#value.peek())) this.#show(value);
  };

  #show(value: Value): void {
    batch(() => {
      this.#value.value = value;
      this.#settled.value = value;
    });
  }

  #read(): Value {
    const entries = this.#fields.map((field) => [field, this.model.get(field) ?? this.defaults[field]]);
    return Object.fromEntries(entries) as Value;
  }
}

/** Some fields of a value, told of only when one of them has changed. */
export function fieldsOf<Value extends object, Name extends keyof Value>(
  value: ReadonlySignal<Value>,
  ...names: Name[]
): ReadonlySignal<Pick<Value, Name>> {
  let before: Pick<Value, Name> | undefined;
  return computed(() => {
    const now = Object.fromEntries(names.map((name) => [name, value.value[name]])) as Pick<Value, Name>;
    before = before !== undefined && sameFields(before, now) ? before : now;
    return before;
  });
}

/** Equality of the fields of two values of one kind. */
export function sameFields<Value extends object>(a: Value, b: Value): boolean {
  return (Object.keys(a) as (keyof Value)[]).every((field) => same(a[field], b[field]));
}

/** Equality of plain values and of flat lists of them; a missing trait equals null. */
export function same(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return (a ?? null) === (b ?? null);
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
