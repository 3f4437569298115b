import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Guard } from "./guard.js";
import { px } from "./style.js";
import { useSize } from "./width.js";

interface Props {
  guard: Guard;
  /** While this holds it does not become lower. */
  isHeld: () => boolean;
  children: ComponentChildren;
}

/** Holds words that change as one points: neither does what is below move, nor is it laid out for them. */
export function Steady({ guard, isHeld, children }: Props) {
  const inner = useRef<HTMLDivElement>(null);
  const height = useSignal(0);
  useSize(inner, guard, ({ height: now }) => {
    if (now > height.peek() || !isHeld()) height.value = Math.ceil(now);
  });
  return (
    <div class="steady" style={{ height: px(height.value) }}>
      <div ref={inner}>{children}</div>
    </div>
  );
}
