import { ORDERS, type Settings } from "../../store/settings.js";
import { Choices, type Option } from "../shared/choices.js";
import type { NeuronState } from "./state.js";

const ORDER_OPTIONS: readonly Option<Settings["order"]>[] = ORDERS.map((value) => ({ value }));
const STRIPS: readonly Option<Settings["strip"]>[] = [{ value: "key" }, { value: "value" }, { value: "query" }];
const MARKS: readonly Option<Settings["mark"]>[] = [
  { value: "none" },
  { value: "key", text: "strongest" },
  { value: "distance", text: "falling with distance" },
];

/** How neurons are ordered, which vectors stand first, and which neurons are marked. */
export function SettingsRow({ view }: { view: NeuronState }) {
  return (
    <div class="line settings neuron-settings">
      <Labelled view={view} setting="order" text="order" label="Order of neurons" options={ORDER_OPTIONS} />
      <Labelled view={view} setting="strip" text="vectors" label="Vectors shown" options={STRIPS} />
      <Labelled view={view} setting="mark" text="mark" label="Marked neurons" options={MARKS} />
    </div>
  );
}

interface Props<Name extends "order" | "strip" | "mark"> {
  view: NeuronState;
  setting: Name;
  text: string;
  label: string;
  options: readonly Option<Settings[Name]>[];
}

function Labelled<Name extends "order" | "strip" | "mark">({ view, setting, text, label, options }: Props<Name>) {
  return (
    <span class="labelled">
      <span class="muted small">{text}</span>
      <Choices
        label={label}
        options={options}
        chosen={view.store.settings.value[setting]}
        choose={view.frame.guard((value: Settings[Name]) => view.store.set({ [setting]: value }))}
        why={view.terms.value === null ? "choose a token that looks first" : ""}
      />
    </span>
  );
}
