import { computed, type ReadonlySignal } from "@preact/signals";
import type { AxisName } from "../../store/axis.js";
import { LinksLoader, type WantedLinks } from "../../store/links_loader.js";
import { type RankedHead, ranked } from "../../store/ranking.js";
import { fieldsOf } from "../../store/synced.js";
import { spoken } from "../shared/format.js";
import type { ModelState } from "./state.js";

/** What the ranking says of one head. */
export interface Mark extends RankedHead {
  /** From 1. */
  rank: number;
  /** How faint its picture becomes, 0 to 1: the strongest stays as it is. */
  veil: number;
}

/** Of a head that says nothing. */
const MOST_VEIL = 0.82;

/** Which heads link the pinned query and key: asked for only while the ranking is open. */
export class Links {
  readonly loader: LinksLoader;
  /** Whether there is a place for the ranking. */
  readonly isOpen: ReadonlySignal<boolean>;
  readonly heads: ReadonlySignal<readonly RankedHead[]>;
  /** Per layer, by head. */
  readonly marks: ReadonlySignal<ReadonlyMap<number, readonly Mark[]>>;
  /** The query and the key that are ranked by, as they read; "" for none. */
  readonly tokens: ReadonlySignal<readonly [from: string, to: string]>;

  constructor(private readonly view: ModelState) {
    this.loader = new LinksLoader(view.store.source);
    this.isOpen = computed(() => view.store.settings.value.links && !view.isFolded.value);
    this.heads = computed(() => ranked(this.loader.answers.value?.layers ?? new Map()));
    this.marks = computed(() => marksOf(this.heads.value));
    this.tokens = computed(() => [this.#token("query"), this.#token("key")]);
  }

  /** Asks about whatever pair is pinned until the returned function is called. */
  follow(): () => void {
    const { store } = this.view;
    const place = fieldsOf(store.selection, "part", "query", "key");
    const display = fieldsOf(store.settings, "measure");
    const wanted = computed((): WantedLinks | null => {
      const { part, query, key } = place.value;
      if (!this.isOpen.value || query === null || key === null) return null;
      const layers = store.part.value.layers.filter(({ heads }) => heads > 0).map(({ layer }) => layer);
      return { question: { part, query, key, measure: display.value.measure }, layers };
    });
    return this.loader.follow(wanted);
  }

  /** While another pair is on the way, the one before is still ranked. */
  #token(side: AxisName): string {
    const question = this.loader.answers.value?.question;
    return question === undefined ? "" : spoken(this.view.store.side(side).labels[question[side]] ?? "");
  }
}

function marksOf(heads: readonly RankedHead[]): Map<number, Mark[]> {
  const marks = new Map<number, Mark[]>();
  const largest = heads[0]?.weight ?? 0;
  if (!(largest > 0)) return marks; // nothing stands out
  heads.forEach((one, index) => {
    const row = marks.get(one.layer) ?? [];
    row[one.head] = { ...one, rank: index + 1, veil: MOST_VEIL * (1 - Math.sqrt(Math.max(0, one.weight) / largest)) };
    marks.set(one.layer, row);
  });
  return marks;
}
