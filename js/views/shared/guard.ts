import type { Signal } from "@preact/signals";
import { asError } from "../../store/loading.js";

/** Wraps a function that a browser calls, so that what it throws is shown in the cell and not only in the console. */
export type Guard = <Arguments extends unknown[]>(action: (...args: Arguments) => void) => (...args: Arguments) => void;

export function guardInto(fault: Signal<Error | null>): Guard {
  return (action) =>
    (...args) => {
      try {
        action(...args);
      } catch (thrown) {
        fault.value = asError(thrown);
      }
    };
}
