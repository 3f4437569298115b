/** Which of the numbers there are were meant, or what is wrong with the text. */
export type Reading = { numbers: number[] | null } | { wrong: string };

/**
 * Reads "0-5, 9" as a person writes it; also "0..5", "0:5", any dashes, spaces or semicolons between.
 * Nothing, "all" and what names every number are null: all.
 */
export function readNumbers(text: string, existing: readonly number[]): Reading {
  const wanted = new Set<number>();
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/\s*(?:[–—−:-]|\.\.+)\s*/g, "-");
  if (plain === "" || plain === "all" || plain === "*") return { numbers: null };
  for (const piece of plain.split(/[\s,;]+/).filter(Boolean)) {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(piece) ?? [];
    if (first === undefined) return { wrong: `"${piece}" is no number; write for example ${example(existing)}` };
    const [from, to] = [Number(first), Number(last ?? first)].sort((a, b) => a - b);
    for (const number of existing) if (number >= from && number <= to) wanted.add(number);
  }
  const numbers = existing.filter((number) => wanted.has(number));
  if (numbers.length === 0) return { wrong: `there are ${writeNumbers(existing)}` };
  return { numbers: numbers.length === existing.length ? null : numbers };
}

/** Writes numbers as `readNumbers` reads them: "0-5, 9". */
export function writeNumbers(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const run = runs[runs.length - 1];
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
}

function example(existing: readonly number[]): string {
  const [first, last] = [existing[0] ?? 0, existing[existing.length - 1] ?? 0];
  return last - first < 3 ? `${first}` : `${first}-${first + 1}, ${last}`;
}
