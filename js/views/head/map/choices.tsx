import { LEVELS, type Settings } from "../../../store/settings.js";
import { Choices, type Option } from "../../shared/choices.js";
import { Select } from "../../shared/select.js";
import type { ViewState } from "../state.js";

const MODES: readonly Option<Settings["head_mode"]>[] = [
  { value: "lines", name: "lines between the tokens" },
  { value: "map", name: "map of the whole attention" },
];
const REDUCES: readonly Option<Settings["reduce"]>[] = [
  { value: "max", text: "largest", name: "the largest weight of each cell" },
  { value: "mean", text: "share", name: "the share of the weight in each cell" },
];

/** Lines, or the map. */
export function ModeChoices({ view }: { view: ViewState }) {
  return (
    <Choices
      label="Draw heads as"
      options={MODES}
      chosen={view.store.settings.value.head_mode}
      choose={view.guard((head_mode) => view.store.set({ head_mode }))}
    />
  );
}

/** What a cell of the map is, and which number it shows. */
export function MapChoices({ view }: { view: ViewState }) {
  const { store, map, guard } = view;
  const { map_level, reduce } = store.settings.value;
  const { query, key } = map.cut.value;
  const shown = query.level === key.level ? `${key.level}s` : `${query.level}s × ${key.level}s`;
  return (
    <>
      <span class="layers map-level">
        <span class="muted small">cells</span>
        <Select
          label="Cells of the map"
          options={LEVELS.map((level, at) => [at, level === "auto" ? `auto: ${shown}` : `${level}s`])}
          chosen={LEVELS.indexOf(map_level)}
          choose={guard((at) => store.set({ map_level: LEVELS[at] }))}
        />
      </span>
      <Choices
        label="Number of a cell"
        options={REDUCES}
        chosen={reduce}
        choose={guard((one) => store.set({ reduce: one }))}
      />
    </>
  );
}
