import { useSignal } from "@preact/signals";
import type { RankedHead } from "../../store/ranking.js";
import { counted, exact, three } from "../shared/format.js";
import { Label } from "../shared/label.js";
import { Notice, sayBusy } from "../shared/notice.js";
import { headColour } from "../shared/palette.js";
import { Progress } from "../shared/progress.js";
import { movesAmong } from "../shared/roving.js";
import { classes } from "../shared/style.js";
import { gridListeners } from "./grid_listeners.js";
import type { ModelState } from "./state.js";

/** More are shown when they are asked for: what comes after them is next to nothing. */
const AT_ONCE = 60;

/** Every head by what it says of the pinned pair. It keeps its place while nothing is pinned. */
export function Ranking({ view }: { view: ModelState }) {
  const { loader, heads, tokens } = view.links;
  const loading = loader.loading.value;
  const [from, to] = tokens.value;
  const isEmpty = loading.state === "failed" || heads.value.length === 0;
  return (
    <section class="ranking" aria-label="Heads that link two tokens">
      <div class="line title">
        <span class="muted small pair" data-hint={from && `${from} → ${to}\nas tokens, whatever is merged or hidden`}>
          {"heads that link "}
          {from === "" ? (
            "two tokens"
          ) : (
            <>
              <Label text={from} /> → <Label text={to} />
            </>
          )}
        </span>
        <span class="spring" />
        <Standing view={view} />
        <Progress loading={loading} label="Asking the layers" />
      </div>
      <div class="ranking-place">
        {!isEmpty && <Heads view={view} />}
        <Notice loading={loading} text={whyEmpty(view) || sayBusy(loading, "the ranking comes")} />
      </div>
    </section>
  );
}

/** Where the head in focus stands, and what has no place in the ranking. */
function Standing({ view: { store, links } }: { view: ModelState }) {
  const { layer, head } = store.selection.value;
  const mark = links.marks.value.get(layer)?.[head ?? -1];
  const errors = [...(links.loader.answers.value?.layers.values() ?? [])].filter((one) => one instanceof Error);
  return (
    <span class="muted small standing">
      {mark && `layer ${layer}, head ${head} is ${mark.rank} of ${links.heads.value.length}`}
      {errors.length > 0 && (
        <span data-hint={errors.map(({ message }) => message).join("\n")}>
          {counted(errors.length, "layer")} left out
        </span>
      )}
    </span>
  );
}

/** One tab stop, arrows move; pointer and Enter do what they do in the grid. */
function Heads({ view }: { view: ModelState }) {
  const shown = useSignal(AT_ONCE);
  const heads = view.links.heads.value;
  const rest = heads.length - shown.value;
  const more = view.guard(() => {
    shown.value += 4 * AT_ONCE;
  });
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a grid everywhere
    <div
      {...gridListeners(view)}
      class="ranked"
      role="group"
      aria-label="Heads, the largest weight first"
      onKeyDown={view.guard(movesAmong())}
    >
      {heads.slice(0, shown.value).map((one, index) => (
        <Place key={`${one.layer} ${one.head}`} view={view} one={one} index={index} />
      ))}
      {rest > 0 && (
        <button type="button" class="text-button" tabIndex={-1} onClick={more}>
          {rest} more, at most {written(view, heads[shown.value].weight)}
        </button>
      )}
    </div>
  );
}

function Place({ view, one, index }: { view: ModelState; one: RankedHead; index: number }) {
  const { layer, head, weight } = one;
  const { layer: selected, head: focused } = view.store.selection.value;
  const isCurrent = layer === selected && head === focused;
  const share = weight / (view.links.heads.value[0].weight || 1);
  return (
    <button
      type="button"
      class={classes("place", { current: isCurrent })}
      style={{ "--share": share, "--head": headColour(head, view.frame.look.value.theme) }}
      tabIndex={index === 0 ? 0 : -1}
      aria-current={isCurrent}
      data-cell={`${layer} ${head}`}
    >
      <span>{index + 1}</span>{" "}
      <span>
        layer <b>{layer}</b>
      </span>{" "}
      <span>
        head <b>{head}</b>
      </span>{" "}
      <i />
      <b>{written(view, weight)}</b>
    </button>
  );
}

/** A number of the ranking, as it is read. */
export function written({ links, store }: ModelState, weight: number): string {
  if (links.loader.answers.value?.question.measure === "value_norm") return three(weight);
  return exact(weight, store.data.value?.rounding);
}

function whyEmpty({ links, store, frame }: ModelState): string {
  const { query, key } = store.selection.value;
  if (query === null || key === null) {
    const how = frame.isAlone ? "Set view.query and view.key, or link a head view" : "Pin a token on each side below";
    return `${how}: all heads are then ranked by the weight between them.`;
  }
  const [from, to] = links.tokens.value;
  return links.heads.value[0]?.weight === 0 ? `Every weight is 0: no head lets ${from} see ${to}.` : "";
}
