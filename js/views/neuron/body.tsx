import { useRef } from "preact/hooks";
import { ScrollBar, useSlide } from "../head/body.js";
import { classes, px } from "../shared/style.js";
import { useWheel } from "../shared/wheel.js";
import { leaveRows, pinNeuron, pinRow, pointAtRow, under } from "./actions.js";
import { Neurons } from "./neurons.js";
import { Rows } from "./rows.js";
import type { NeuronState } from "./state.js";
import { Tokens } from "./tokens.js";

/** A row a token: its vector, its product with the query, and the numbers that follow from it. */
export function Body({ view }: { view: NeuronState }) {
  const { height, scrolls } = view.head.layout.value;
  const loading = view.store.loading.value;
  const body = useRef<HTMLDivElement>(null);
  useSlide(view.head, body);
  useWheel(body, view.frame.guard, (by) => view.head.scrollBy(by));
  return (
    <div class="frame" style={{ height: px(height) }}>
      <div
        class={classes("body neuron-body", { old: loading.state === "pending" && loading.since !== "now" })}
        style={{ height: px(height), "--top": `var(--${view.side}-top)` }}
        ref={body}
        data-ground="neuron"
        {...listeners(view)}
      >
        <Rows view={view} />
        {view.withTokens.value && <Tokens view={view} />}
        <Neurons view={view} />
      </div>
      {scrolls && view.withTokens.value && <ScrollBar view={view.head} />}
    </div>
  );
}

function listeners(view: NeuronState) {
  const at = (event: MouseEvent & { currentTarget: HTMLElement }) => {
    view.head.letGo(); // what the rows are, and the order of the neurons, may hang on a token that the pointer has left
    const box = event.currentTarget.getBoundingClientRect();
    return under(view, event.clientX - box.left, event.clientY - box.top);
  };
  return {
    onPointerMove: view.frame.guard((event: PointerEvent & { currentTarget: HTMLElement }) => {
      const { entry, strip } = at(event);
      if (entry === null) return leaveRows(view);
      pointAtRow(view, entry);
      const now = view.pointed.peek();
      if (now?.where === strip?.where && now?.neuron === strip?.neuron) return;
      view.pointed.value = strip === null ? null : { ...strip, by: "pointer" };
    }),
    onPointerLeave: view.frame.guard(() => leaveRows(view)),
    onClick: view.frame.guard((event: MouseEvent & { currentTarget: HTMLElement }) => {
      const { entry, strip } = at(event);
      if (entry === null) return;
      const isNeuron = strip !== null && !(strip.where === "first" && view.strip.peek() === "value");
      if (isNeuron) pinNeuron(view, strip.neuron);
      else pinRow(view, entry);
    }),
  };
}
