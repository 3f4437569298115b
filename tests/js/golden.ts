import { readFileSync } from "node:fs";

/** Reads a fixture that Python wrote; numbers that JSON cannot say are the strings "NaN", "Infinity", "-Infinity". */
export function golden<Fixture>(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"));
}

/** A number of a fixture. */
export type Spelled = number | string;

/** Asserts equality within a tolerance; NaN equals NaN. */
export function expectClose(actual: ArrayLike<number>, expected: readonly Spelled[], tolerance: number): void {
  const wrong = expected.flatMap((value, index) => {
    const [is, should] = [actual[index], Number(value)];
    const equal = Number.isNaN(should) ? Number.isNaN(is) : Math.abs(is - should) <= tolerance;
    return equal ? [] : [`[${index}] is ${is}, not ${should}`];
  });
  if (actual.length !== expected.length) wrong.push(`${actual.length} numbers, not ${expected.length}`);
  if (wrong.length > 0) throw new Error(wrong.slice(0, 5).join("; "));
}
