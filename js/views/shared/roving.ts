import { onKeys } from "./events.js";

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** Moves the focus among the buttons of a group that is one tab stop, and tells; Home and End go to its ends. */
export function movesAmong(arrive: (index: number) => void = () => {}) {
  return onKeys((event) => {
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    const next = nextIndex(event.key, buttons.indexOf(event.target as HTMLButtonElement), buttons.length);
    if (next === null) return false;
    buttons[next].focus();
    arrive(next);
    return true;
  });
}

function nextIndex(key: string, now: number, count: number): number | null {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const by = STEPS[key];
  return by === undefined ? null : (now + by + count) % count;
}
