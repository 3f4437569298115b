import type { Settings } from "../../store/settings.js";
import { Choices } from "../shared/choices.js";
import type { NeuronState } from "./state.js";

type Name = "order" | "strip" | "mark";

interface Row<Key extends Name> {
  setting: Key;
  text: string;
  label: string;
  /** Value and its word. */
  options: readonly (readonly [Settings[Key], string])[];
}

const ORDER: Row<"order"> = {
  setting: "order",
  text: "order",
  label: "Order of neurons",
  options: [
    ["contribution", "contribution"],
    ["contrast", "contrast"],
    ["position", "position"],
  ],
};
const STRIP: Row<"strip"> = {
  setting: "strip",
  text: "vectors",
  label: "Vectors shown",
  options: [
    ["key", "key"],
    ["value", "value"],
    ["query", "query"],
  ],
};
const MARK: Row<"mark"> = {
  setting: "mark",
  text: "mark",
  label: "Marked neurons",
  options: [
    ["none", "none"],
    ["key", "strongest"],
    ["distance", "falling with distance"],
  ],
};

/** How neurons are ordered, which vectors stand first, and which neurons are marked. */
export function SettingsRow({ view }: { view: NeuronState }) {
  return (
    <div class="line settings neuron-settings">
      <Labelled view={view} row={ORDER} />
      <Labelled view={view} row={STRIP} />
      <Labelled view={view} row={MARK} />
    </div>
  );
}

function Labelled<Key extends Name>({ view, row }: { view: NeuronState; row: Row<Key> }) {
  const { setting, text, label, options } = row;
  return (
    <span class="labelled">
      <span class="muted small">{text}</span>
      <Choices
        label={label}
        options={options.map(([value, word]) => ({ value, text: word }))}
        chosen={view.store.settings.value[setting]}
        choose={view.frame.guard((value: Settings[Key]) => view.store.set({ [setting]: value }))}
        why={view.terms.value === null ? "choose a token that looks first" : ""}
      />
    </span>
  );
}
