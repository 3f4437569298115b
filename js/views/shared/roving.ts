const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/**
 * Moves the focus among the buttons of a group that is one tab stop; Home and End go to its ends.
 * Marks the keys that it used.
 */
export function moveAmong(event: KeyboardEvent & { currentTarget: EventTarget | null }): void {
  const group = event.currentTarget;
  if (!(group instanceof HTMLElement) || !(event.target instanceof HTMLElement)) return;
  const buttons = [...group.querySelectorAll<HTMLElement>("button")];
  const next = nextIndex(event.key, buttons.indexOf(event.target), buttons.length);
  if (next === null) return;
  buttons[next].focus();
  event.preventDefault();
  event.stopPropagation();
}

function nextIndex(key: string, now: number, count: number): number | null {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const by = STEPS[key];
  return by === undefined ? null : (now + by + count) % count;
}
