import { bytesOf } from "../source/bytes.js";
import type { Answer, Question } from "./messages.js";

type Told = Extract<Answer, { bytes: Uint8Array }>;

/** The page's line to the extension. Each question is a new one, so that what could not be read can be asked again. */
export class Line {
  readonly #waiting = new Map<number, { resolve(told: Told): void; reject(error: Error): void }>();
  #last = 0;

  /** @param post Sends a question. */
  constructor(private readonly post: (question: Question) => void) {
    addEventListener("message", ({ data }: MessageEvent<Answer | undefined>) => this.#hear(data));
  }

  ask(start: number, end: number): Promise<Told> {
    return new Promise((resolve, reject) => {
      const question: Question = { id: ++this.#last, start, end };
      this.#waiting.set(question.id, { resolve, reject });
      this.post(question);
    });
  }

  #hear(answer: Answer | undefined): void {
    const waiting = this.#waiting.get(Number(answer?.id));
    if (answer === undefined || waiting === undefined) return;
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting.reject(new Error(String(answer.error)));
    else waiting.resolve({ ...answer, bytes: bytesOf(answer.bytes) });
  }
}
