import type { Signal } from "@preact/signals";
import { asError } from "../../store/loading.js";

/** Wraps a function that a browser calls, so that what it throws is shown in the cell and not only in the console. */
export type Guard = <Arguments extends unknown[], Answer>(
  action: (...args: Arguments) => Answer,
) => (...args: Arguments) => Answer | undefined;

export function guardInto(fault: Signal<Error | null>): Guard {
  return (action) =>
    (...args) => {
      try {
        return action(...args);
      } catch (thrown) {
        fault.value = asError(thrown);
        return undefined;
      }
    };
}
