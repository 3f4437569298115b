/** Files `*.headscope` as documents of JupyterLab: a double click opens the explorer. */
import type { ILayoutRestorer } from "@jupyterlab/application";
import { WidgetTracker } from "@jupyterlab/apputils";
import { ABCWidgetFactory, type Context, DocumentWidget, TextModelFactory } from "@jupyterlab/docregistry";
import type { ServerConnection, ServiceManager as Services } from "@jupyterlab/services";
import type { IStateDB } from "@jupyterlab/statedb";
import { LabIcon } from "@jupyterlab/ui-components";
import { Widget } from "@lumino/widgets";
import type { Memory } from "./file_model.js";

const NAME = "headscope";
const FACTORY = "Attention explorer";

/** A head: rows that look at columns, some of them before themselves. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g class="jp-icon3" fill="#616161">' +
  '<path d="M2 2h3v3H2zM6.5 6.5h3v3h-3zM11 11h3v3h-3z"/><path d="M2 6.5h3v3H2zM2 11h3v3H2zM6.5 11h3v3h-3z" opacity=".45"/>' +
  "</g></svg>";

export const FILE_TYPE = {
  name: NAME,
  displayName: "Attention capture",
  extensions: [".headscope"],
  mimeTypes: ["application/vnd.headscope"],
  contentType: "file",
  fileFormat: null, // never fetched as a whole
  icon: new LabIcon({ name: "headscope:capture", svgstr: ICON }),
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
  constructor(
    private readonly services: Services,
    private readonly state: IStateDB,
  ) {
    super({
      name: FACTORY,
      modelName: NAME,
      fileTypes: [NAME],
      defaultFor: [NAME],
      readOnly: true,
    });
  }

  protected override createNewWidget(context: Context): DocumentWidget {
    return new DocumentWidget({ context, content: new FileView(context, this.services, this.state) });
  }
}

/** Has the documents that are open opened again when the page of JupyterLab is loaded again. */
export function restore(factory: ExplorerFactory, restorer: ILayoutRestorer): void {
  const tracker = new WidgetTracker<DocumentWidget>({ namespace: NAME });
  factory.widgetCreated.connect((_, widget) => {
    void tracker.add(widget);
    widget.context.pathChanged.connect(() => void tracker.save(widget));
  });
  void restorer.restore(tracker, {
    command: "docmanager:open",
    args: ({ context }) => ({ path: context.path, factory: FACTORY }),
    name: ({ context }) => context.path,
  });
}

class FileView extends Widget {
  readonly #shown = new AbortController();

  constructor(context: Context, { serverSettings, contents }: Services, state: IStateDB) {
    super();
    this.node.style.overflow = "auto";
    const memory: Memory = {
      recall: () => state.fetch(`${NAME}-view:${context.path}`),
      keep: (what) => void state.save(`${NAME}-view:${context.path}`, what),
    };
    const open = () => {
      const drive = contents.driveName(context.path);
      if (drive !== "") throw new Error(`the files of ${drive} are not on the Jupyter server, which reads captures.`);
      return connect(context.localPath, serverSettings);
    };
    void context.ready.then(() => this.#show(open, memory));
  }

  override dispose(): void {
    this.#shown.abort();
    super.dispose();
  }

  async #show(open: () => WebSocket, memory: Memory): Promise<void> {
    const { showFile } = await import("./views.js");
    const before = await memory.recall().catch(() => undefined);
    if (!this.#shown.signal.aborted) showFile(this.node, open, { before, keep: memory.keep }, this.#shown.signal);
  }
}

function connect(path: string, { wsUrl, token, appendToken, WebSocket }: ServerConnection.ISettings): WebSocket {
  const named = path.split("/").map(encodeURIComponent).join("/");
  const query = appendToken && token !== "" ? `?token=${encodeURIComponent(token)}` : "";
  return new WebSocket(`${wsUrl}headscope/captures/${named}${query}`);
}
