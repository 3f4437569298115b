import type { CustomDocument, Uri } from "vscode";
import { type OpenedFile, openFile } from "./file.js";
import type { Answer, Question } from "./messages.js";

/** A file, opened when it is first asked about, and anew after that has failed. */
export class Capture implements CustomDocument {
  #file: Promise<OpenedFile> | undefined;

  constructor(readonly uri: Uri) {}

  async answer({ id, start, end }: Question): Promise<Answer> {
    try {
      const file = await this.#open();
      const name = this.uri.path.split("/").at(-1) ?? "";
      return { id, size: file.size, name, bytes: await file.read(start, end) };
    } catch (thrown) {
      return { id, error: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }

  async #open(): Promise<OpenedFile> {
    this.#file ??= openFile(this.uri);
    try {
      return await this.#file;
    } catch (thrown) {
      this.#file = undefined;
      throw thrown;
    }
  }

  dispose(): void {
    void this.#file?.then((file) => file.close()).catch(() => {});
  }
}
