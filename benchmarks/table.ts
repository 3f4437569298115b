/** What was measured, as a table. */
import { median } from "./meter.js";

/** CPU of making and showing a widget, in ms. */
export interface Shown {
  kernel: number;
  page: number;
}

/** CPU of the page for a click, in ms: until it is drawn; and until Python's answer is there, which may be before. */
export interface Click {
  drawn: number;
  heard: number;
}

/** CPU of the page for one head, in ms. */
export interface Visit {
  pointing: number;
  click: Click;
}

interface Round {
  forward: number;
  slider: Shown;
  explorer: Shown;
  /** Heads of layers that the page does not have yet, and the same heads once more. */
  first: Visit[];
  again: Visit[];
  /** Heads of new layers on which the pointer rested. */
  rested: Visit[];
  nothing: number[];
  /** Clicks on a button of ipywidgets. */
  toggle: Click[];
}

export function print(rounds: readonly Round[], machine: Record<string, string>): void {
  const pick = (take: (round: Round) => number) => rounds.map(take);
  const visits = (when: "first" | "again" | "rested") => rounds.flatMap((round) => round[when]);
  const clicks = (when: "first" | "again" | "rested", until: keyof Click) =>
    visits(when).map(({ click }) => click[until]);
  const pointing = (when: "first" | "again" | "rested") => visits(when).map((one) => one.pointing);
  const toggles = (until: keyof Click) => rounds.flatMap(({ toggle }) => toggle.map((one) => one[until]));
  const both = ({ kernel, page }: Shown) => kernel + page;
  const rows: [string, number[]][] = [
    ["forward of the model", pick(({ forward }) => forward)],
    ["any widget (a slider): kernel", pick(({ slider }) => slider.kernel)],
    ["any widget (a slider): page", pick(({ slider }) => slider.page)],
    ["capture's end to complete grid: kernel", pick(({ explorer }) => explorer.kernel)],
    ["capture's end to complete grid: page", pick(({ explorer }) => explorer.page)],
    ["capture's end to complete grid: both", pick(({ explorer }) => both(explorer))],
    ["  less what any widget costs", pick(({ explorer, slider }) => both(explorer) - both(slider))],
    ["a head chosen by a click, layer new to the page", clicks("first", "drawn")],
    ["  and Python's answer heard", clicks("first", "heard")],
    ["a head chosen by a click, layer at hand", clicks("again", "drawn")],
    ["  and Python's answer heard", clicks("again", "heard")],
    ["a head chosen by a click, after the pointer's rest", clicks("rested", "drawn")],
    ["  and Python's answer heard", clicks("rested", "heard")],
    ["the pointer at rest on a head, layer new", pointing("rested")],
    ["the pointer on another head, layer at hand", pointing("again")],
    ["any widget's click (a toggle button)", toggles("drawn")],
    ["  and Python's answer heard", toggles("heard")],
    ["a click that changes nothing", rounds.flatMap(({ nothing }) => nothing)],
  ];
  console.log(`\n${"CPU in ms, 30 x 9 heads, 256 tokens".padEnd(52)}  median   least    most`);
  for (const [name, values] of rows) {
    const numbers = [median(values), Math.min(...values), Math.max(...values)];
    console.log(name.padEnd(52) + numbers.map((ms) => ms.toFixed(0).padStart(8)).join(""));
  }
  const ratio = median(rounds.map(({ explorer, forward }) => both(explorer) / forward));
  console.log(
    `\nThe complete grid costs ${ratio.toFixed(2)} forwards of the model (median of ${rounds.length} rounds).`,
  );
  const parts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  console.log(parts.join(", "));
}
