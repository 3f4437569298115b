import type { ComponentChildren } from "preact";
import type { Settings } from "../../store/settings.js";
import { Choices, type Option } from "../shared/choices.js";
import type { NeuronState } from "./state.js";

const ORDERS: readonly Option<Settings["order"]>[] = [
  { value: "contribution", text: "contribution" },
  { value: "contrast", text: "contrast" },
  { value: "position", text: "position" },
];
const STRIPS: readonly Option<Settings["strip"]>[] = [
  { value: "key", text: "key" },
  { value: "value", text: "value" },
  { value: "query", text: "query" },
];
const MARKS: readonly Option<Settings["mark"]>[] = [
  { value: "none", text: "none" },
  { value: "key", text: "strongest" },
  { value: "distance", text: "falling with distance" },
];

/** How neurons are ordered, which vectors stand first, and which neurons are marked. */
export function SettingsRow({ view }: { view: NeuronState }) {
  const { order, strip, mark } = view.store.settings.value;
  const why = view.terms.value === null ? "choose a token that looks first" : "";
  const set = view.frame.guard((changes: Partial<Settings>) => view.store.set(changes));
  return (
    <div class="line settings neuron-settings">
      <Labelled text="order">
        <Choices
          label="Order of neurons"
          options={ORDERS}
          chosen={order}
          choose={(value) => set({ order: value })}
          why={why}
        />
      </Labelled>
      <Labelled text="vectors">
        <Choices
          label="Vectors shown"
          options={STRIPS}
          chosen={strip}
          choose={(value) => set({ strip: value })}
          why={why}
        />
      </Labelled>
      <Labelled text="mark">
        <Choices
          label="Marked neurons"
          options={MARKS}
          chosen={mark}
          choose={(value) => set({ mark: value })}
          why={why}
        />
      </Labelled>
    </div>
  );
}

function Labelled({ text, children }: { text: string; children: ComponentChildren }) {
  return (
    <span class="labelled">
      <span class="muted small">{text}</span>
      {children}
    </span>
  );
}
