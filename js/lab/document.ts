/** Files `*.headscope` as documents of JupyterLab: a double click opens the explorer. */
import { ABCWidgetFactory, type Context, DocumentWidget, TextModelFactory } from "@jupyterlab/docregistry";
import type { ServerConnection } from "@jupyterlab/services";
import { Widget } from "@lumino/widgets";

const NAME = "headscope";

export const FILE_TYPE = {
  name: NAME,
  displayName: "Attention capture",
  extensions: [".headscope"],
  mimeTypes: ["application/vnd.headscope"],
  contentType: "file",
  fileFormat: null, // never fetched as a whole
} as const;

/** Of a document whose content stays where it is: the view asks for what it shows. */
export class FileModelFactory extends TextModelFactory {
  override get name(): string {
    return NAME;
  }

  override get fileFormat(): null {
    return null;
  }
}

export class ExplorerFactory extends ABCWidgetFactory {
  constructor(private readonly settings: ServerConnection.ISettings) {
    super({
      name: "Attention explorer",
      modelName: NAME,
      fileTypes: [NAME],
      defaultFor: [NAME],
      readOnly: true,
    });
  }

  protected override createNewWidget(context: Context): DocumentWidget {
    return new DocumentWidget({ context, content: new FileView(context, this.settings) });
  }
}

class FileView extends Widget {
  readonly #shown = new AbortController();

  constructor(context: Context, settings: ServerConnection.ISettings) {
    super();
    this.node.style.overflow = "auto";
    void context.ready.then(() => this.#show(() => connect(context.localPath, settings)));
  }

  override dispose(): void {
    this.#shown.abort();
    super.dispose();
  }

  async #show(open: () => WebSocket): Promise<void> {
    const { showFile } = await import("./views.js");
    if (!this.#shown.signal.aborted) showFile(this.node, open, this.#shown.signal);
  }
}

function connect(path: string, { wsUrl, token, appendToken, WebSocket }: ServerConnection.ISettings): WebSocket {
  const named = path.split("/").map(encodeURIComponent).join("/");
  const query = appendToken && token !== "" ? `?token=${encodeURIComponent(token)}` : "";
  return new WebSocket(`${wsUrl}headscope/captures/${named}${query}`);
}
