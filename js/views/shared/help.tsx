import { HELP } from "./keys.js";

/** All keys, unfolded under the view. */
export function Help() {
  return (
    <dl class="help" aria-label="Keys">
      {HELP.map(([keys, does]) => (
        <div key={keys}>
          <dt>{keys}</dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}
