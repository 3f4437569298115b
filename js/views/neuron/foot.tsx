import { unitOf } from "../../store/meta.js";
import { Steady } from "../shared/steady.js";
import { labelOf, plain, sayAlike, sayHow, sayMarks, sayNeuron, sayNotes, sayWeight } from "./say.js";
import { Sentence } from "./sentence.js";
import type { NeuronState } from "./state.js";

/** The same in words: how the weight of one key comes about, term by term, and what else one has to know. */
export function Foot({ view }: { view: NeuronState }) {
  const terms = view.terms.value;
  const strip = view.strip.value;
  return (
    <footer class="pane-foot neuron-foot">
      <Steady guard={view.frame.guard} isHeld={() => view.head.hover.peek() !== null}>
        {terms === null ? <Glance view={view} /> : <Equation view={view} />}
        <PinnedNeuron view={view} />
        {[strip === "query" && terms !== null ? sayAlike(view) : "", sayMarks(view), ...sayNotes(view)]
          .filter(Boolean)
          .map((note) => (
            <p key={note}>{note}</p>
          ))}
      </Steady>
    </footer>
  );
}

function Glance({ view }: { view: NeuronState }) {
  if (view.subject.value === null) return null;
  return (
    <>
      <p>{sayAlike(view)}</p>
      <p>Click a {unitOf(view.store.side("query"))} on the left to see how its weights are made.</p>
    </>
  );
}

function Equation({ view }: { view: NeuronState }) {
  const terms = view.terms.value;
  const told = view.told.value;
  if (terms === null || told === null) return null;
  const key = view.position("key", told);
  return (
    <>
      <p class="equation" data-equation={terms.equation}>
        weight = <span class="tok">{terms.equation}</span>
      </p>
      <p
        class="evaluated"
        data-hint={sayHow(terms, key)}
        data-key={key}
        data-evaluated={terms.evaluated[key]}
        data-off={terms.off}
      >
        <Sentence said={sayWeight(terms, key, labelOf(view, "key", told), unitOf(view.store.side("key")))} />
      </p>
    </>
  );
}

/** Of the pinned neuron what the tooltip says of the one under the pointer; said aloud when it is pinned. */
function PinnedNeuron({ view }: { view: NeuronState }) {
  const { neuron } = view.store.selection.value;
  const terms = view.terms.value;
  const told = view.told.value;
  const isThere = neuron !== null && terms !== null && told !== null && neuron < terms.d;
  const lines = isThere ? sayNeuron(view, terms, neuron, told) : [];
  return (
    <p role="status" aria-label={lines.map(plain).join(", ")}>
      {lines.map((said, index) => (
        <span key={`${index}`}>
          {index > 0 && ", "}
          <Sentence said={said} />
        </span>
      ))}
    </p>
  );
}
