/** Joins class names: `base` and those whose condition holds. */
export function classes(base: string, states: Record<string, boolean>): string {
  return [base, ...Object.keys(states).filter((name) => states[name])].join(" ");
}

export function px(length: number): string {
  return `${length}px`;
}
