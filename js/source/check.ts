/** Whether data have the form that they should have. Each check throws with the place where they have not. */

export type Check = (value: unknown, at: string) => void;

/** Data that have not the form that they should have, or contradict themselves. */
export class Malformed extends Error {}

function refuse(at: string): never {
  throw new Malformed(`${at} is not what it should be`);
}

const when =
  (fits: (value: unknown) => boolean): Check =>
  (value, at) => {
    if (!fits(value)) refuse(at);
  };

export const text = when((value) => typeof value === "string");
export const flag = when((value) => typeof value === "boolean");
export const real = when((value) => typeof value === "number" && Number.isFinite(value));

/** A whole number from 0 to, not including, `stop`. */
export const below = (stop: number): Check =>
  when((value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < stop);

export const oneOf = (...values: unknown[]): Check => when((value) => values.includes(value));

export const orNull =
  (check: Check): Check =>
  (value, at) => {
    if (value !== null && value !== undefined) check(value, at);
  };

/** @param count How long it has to be, if that is known. */
export const listOf =
  (check: Check, count?: number): Check =>
  (value, at) => {
    if (!Array.isArray(value) || value.length !== (count ?? value.length)) refuse(at);
    for (let index = 0; index < value.length; index++) check(value[index], `${at}[${index}]`);
  };

/** Fields that are not named may be anything. */
export const record =
  (checks: Record<string, Check>): Check =>
  (value, at) => {
    if (typeof value !== "object" || value === null) refuse(at);
    for (const [name, check] of Object.entries(checks))
      check((value as Record<string, unknown>)[name], `${at}.${name}`);
  };

/** A mapping from any names. */
export const mappingOf =
  (check: Check): Check =>
  (value, at) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(at);
    for (const [name, one] of Object.entries(value)) check(one, `${at}[${JSON.stringify(name)}]`);
  };
