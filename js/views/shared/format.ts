/** Of more tokens than these the mean weight itself would read as 0. */
const MANY = 200;

/**
 * A weight beside a token: two decimals without the zero, one of many in any case a digit that is not 0. Only norms of
 * values make it more than 1.
 *
 * @param among How many tokens share the weight out.
 */
export function short(weight: number, among = 1): string {
  if (Number.isNaN(weight)) return "NaN";
  if (among > MANY && weight > 0 && weight < 0.0095) return weight.toExponential(0);
  if (weight < 0.005) return "0";
  if (weight > 1.05) return weight.toFixed(weight < 9.95 ? 1 : 0);
  return weight > 0.995 ? "1" : weight.toFixed(2).slice(1);
}

/**
 * A weight as it is read: four decimals, or what of it is not zero, since it may be one of thousands in its row.
 *
 * @param rounding How far it may be from the exact one: then it has three.
 */
export function exact(weight: number, rounding = 0): string {
  if (rounding > 0) return weight.toFixed(3);
  return weight > 0 && weight < 0.001 ? weight.toExponential(1) : weight.toFixed(4);
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
