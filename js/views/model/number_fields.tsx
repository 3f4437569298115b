import { useSignal } from "@preact/signals";
import { readNumbers, writeNumbers } from "./numbers.js";
import type { ModelState } from "./state.js";

/** Which layers and heads are shown, as text: "8-15", "0, 3". */
export function NumberFields({ view }: { view: ModelState }) {
  const { show_layers, show_heads } = view.store.settings.value;
  const layers = view.store.part.value.layers.map(({ layer }) => layer);
  return (
    <div class="line number-fields">
      <Field
        label="layers"
        numbers={show_layers}
        existing={layers}
        choose={view.guard((numbers) => view.store.set({ show_layers: numbers }))}
      />
      <Field
        label="heads"
        numbers={show_heads}
        existing={view.allHeads}
        choose={view.guard((numbers) => view.store.set({ show_heads: numbers }))}
      />
    </div>
  );
}

interface FieldProps {
  label: string;
  numbers: readonly number[] | null;
  existing: readonly number[];
  choose(numbers: number[] | null): void;
}

/** Applies what is written on Enter or on leaving; what cannot be read stays, with a word about why. */
function Field({ label, numbers, existing, choose }: FieldProps) {
  const wrong = useSignal("");
  const read = (event: Event & { currentTarget: HTMLInputElement }) => {
    const reading = readNumbers(event.currentTarget.value, existing);
    wrong.value = "wrong" in reading ? reading.wrong : "";
    if ("wrong" in reading) return;
    event.currentTarget.value = reading.numbers === null ? "" : writeNumbers(reading.numbers);
    choose(reading.numbers);
  };
  return (
    <label>
      {label}
      <input
        type="text"
        size={12}
        value={numbers === null ? "" : writeNumbers(numbers)}
        placeholder={`all, or ${existing.length > 3 ? `${existing[0]}-${existing[2]}` : existing[0]}`}
        aria-label={`Shown ${label}`}
        aria-invalid={wrong.value !== ""}
        spellcheck={false}
        autocomplete="off"
        onChange={read}
      />
      {wrong.value !== "" && (
        <span class="wrong" role="alert">
          {wrong.value}
        </span>
      )}
    </label>
  );
}
