import { magnitude } from "../shared/format.js";

/** A number with a true minus sign. */
export function fixed(value: number, digits = 2): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** As one more term of a sum: "+ 0.31" or "− 0.31". */
export function added(value: number, digits = 2): string {
  return `${fixed(value, digits).startsWith("−") ? "−" : "+"} ${fixed(Math.abs(value), digits)}`;
}

/** The scaling of dot products as one reads it: "÷ 8", "÷ √24", "× 0.3"; "" where there is none. */
export function scalingText(scaling: number): string {
  if (Math.abs(scaling - 1) < 1e-9) return "";
  const [divisor, square] = [1 / scaling, 1 / scaling ** 2];
  if (Math.abs(divisor - Math.round(divisor)) < 1e-6 * divisor) return ` ÷ ${Math.round(divisor)}`;
  if (Math.abs(square - Math.round(square)) < 1e-6 * square) return ` ÷ √${Math.round(square)}`;
  return ` × ${scaling.toPrecision(3)}`;
}

/** How far two numbers are apart: "off by 1e-8". */
export function apart(difference: number): string {
  return difference === 0 ? "equal" : `off by ${magnitude(difference)}`;
}
