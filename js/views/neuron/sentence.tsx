import { Label } from "../shared/label.js";
import type { Said } from "./say.js";

export function Sentence({ said }: { said: Said }) {
  return (
    <>
      {said.map((piece, index) => {
        if (typeof piece === "string") return piece;
        if ("result" in piece) return <b key={`${index}`}>{piece.result}</b>;
        return (
          <span key={`${index}`} class="tok">
            <Label text={piece.token} />
          </span>
        );
      })}
    </>
  );
}
