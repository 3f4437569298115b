/** What the page of an editor and the extension, which has the file, say to each other. */
import { MOST_BYTES } from "../files/bytes.js";

/** The page asks for bytes `start` to `end`; for none, to learn of the file. */
export interface Question {
  id: number;
  start: number;
  end: number;
}

export type Answer = { id: number; size: number; name: string; bytes: Uint8Array } | { id: number; error: string };

/** Takes what came from a page for a question, if it is one. */
export function questionIn(message: unknown): Question | null {
  const { id, start, end } = (message ?? {}) as Partial<Question>;
  const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && Number.isSafeInteger(id);
  if (!isRange) return null;
  const question = { id, start, end } as Question;
  return question.start >= 0 && question.end >= question.start && question.end - question.start <= MOST_BYTES
    ? question
    : null;
}
