import { unitOf } from "../../store/meta.js";
import { short, spoken, three } from "../shared/format.js";
import { Label } from "../shared/label.js";
import { firstOf } from "./legend.js";
import type { ModelState } from "./state.js";

/** What is read off the head, in exact numbers; a line stays in its place while its number is not known. */
export function Words({ view }: { view: ModelState }) {
  const cell = view.enlarged.cell.value;
  if (cell === null) return <p class="muted small">Point at a head to see it enlarged.</p>;
  const exact = view.enlarged.exact.value;
  const isNorm = view.question.value.measure === "value_norm";
  const written = (value: number | null | undefined) =>
    value == null ? "" : isNorm ? three(value) : short(value, view.enlarged.keys.value.length);
  const label = (side: "query" | "key", at: number) => spoken(view.store.side(side).labels[at]);
  const strongest = exact?.strongest;
  return (
    <div class="readings">
      <h4>
        Layer {cell.layer}, head {cell.head}
      </h4>
      <p>
        <span class="muted">strongest</span> <span class="value">{written(strongest?.value)}</span>
      </p>
      <p
        class="strongest"
        data-hint={strongest && `${label("query", strongest.query)} → ${label("key", strongest.key)}`}
      >
        {strongest && (
          <>
            <Label text={label("query", strongest.query)} /> → <Label text={label("key", strongest.key)} />
          </>
        )}
      </p>
      <p>
        <span class="muted" data-hint={`the mean over all ${unitOf(view.store.side("query"))}s that look`}>
          {firstOf(view)}
        </span>{" "}
        <span class="value">{written(exact?.first)}</span>
      </p>
    </div>
  );
}
