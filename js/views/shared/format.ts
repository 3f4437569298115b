/** A weight beside a token: two decimals without the zero. Only norms of values make it more than 1. */
export function short(weight: number): string {
  if (Number.isNaN(weight)) return "NaN";
  if (weight < 0.005) return "0";
  if (weight > 1.05) return weight.toFixed(weight < 9.95 ? 1 : 0);
  return weight > 0.995 ? "1" : weight.toFixed(2).slice(1);
}

/** A weight in a tooltip. */
export function exact(weight: number): string {
  return weight.toFixed(4);
}

/** A weight that may be one of thousands in its row: four decimals, or what of it is not zero. */
export function fine(weight: number): string {
  return weight === 0 || weight >= 0.001 ? exact(weight) : weight.toExponential(1);
}

/** A weight times a norm. */
export function three(value: number): string {
  return Number.isNaN(value) ? "NaN" : value.toPrecision(3);
}

/** A share as a percentage; what is neither nothing nor all never reads as such. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return "under 1 %";
  if (share < 1 && share > 0.99) return "over 99 %";
  return `${Math.round(share * 100)} %`;
}

/** An error of a certificate, such as "3e-7". */
export function magnitude(error: number): string {
  return error === 0 ? "0" : error.toExponential(0);
}

/** A label without the mark of its leading space. */
export function spoken(label: string): string {
  return label.replace(/^·(?=.)/su, "");
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
