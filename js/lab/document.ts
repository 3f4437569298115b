/** Files `*.headscope` as documents of JupyterLab: a double click opens the explorer. */
import type { ILayoutRestorer } from "@jupyterlab/application";
import { WidgetTracker } from "@jupyterlab/apputils";
import { ABCWidgetFactory, type Context, DocumentWidget, TextModelFactory } from "@jupyterlab/docregistry";
import { ServerConnection, type ServiceManager as Services } from "@jupyterlab/services";
import type { IStateDB } from "@jupyterlab/statedb";
import { Widget } from "@lumino/widgets";
import { say } from "../files/notice.js";
import type { Place } from "./file.js";
import type { Memory } from "./file_model.js";
import { HEAD } from "./icon.js";
import type { Preferences } from "./settings.js";

const NAME = "headscope";
const FACTORY = "Attention explorer";

export const FILE_TYPE = {
  name: NAME,
  displayName: "Attention capture",
  extensions: [".headscope"],
  mimeTypes: ["application/vnd.headscope"],
  contentType: "file",
  fileFormat: null, // never fetched as a whole
  icon: HEAD,
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
    private readonly preferences: Preferences,
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
    const content = new FileView(context, this.services, this.state, this.preferences);
    const widget = new DocumentWidget({ context, content });
    widget.title.icon = HEAD;
    return widget;
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
  readonly #open = new AbortController();
  #shown = new AbortController();

  constructor(
    private readonly context: Context,
    private readonly services: Services,
    private readonly state: IStateDB,
    private readonly preferences: Preferences,
  ) {
    super();
    this.node.style.overflow = "auto";
    let shown: string | undefined;
    const show = () => {
      const wanted = `${preferences.kind} ${preferences.layersBytes}`;
      if (shown !== wanted) this.#show();
      shown = wanted;
    };
    void Promise.all([context.ready, preferences.ready]).then(() => {
      if (this.#open.signal.aborted) return;
      show();
      preferences.onChange(show, this.#open.signal);
    });
  }

  override dispose(): void {
    this.#open.abort();
    this.#shown.abort();
    super.dispose();
  }

  #show(): void {
    this.#shown.abort();
    this.#shown = new AbortController();
    const { signal } = this.#shown;
    this.#fill(signal).catch((thrown: Error) => {
      if (!signal.aborted)
        say(this.node, "alert", `headscope: the views could not be loaded: ${thrown.message}`, signal);
    });
  }

  async #fill(until: AbortSignal): Promise<void> {
    const { kind, layersBytes } = this.preferences;
    const { showFile } = await import("./views.js");
    const { recall, keep } = this.#memory();
    const before = await recall().catch(() => undefined);
    if (!until.aborted) await showFile(this.node, this.#place(), { kind, layersBytes, before, keep }, until);
  }

  /** Under the name that the file has at the time. */
  #memory(): Memory {
    const name = () => `${NAME}-view:${this.context.path}`;
    return { recall: () => this.state.fetch(name()), keep: (what) => void this.state.save(name(), what) };
  }

  /** Opens a line to the server, which has the file. */
  connect(): WebSocket {
    const { path, localPath } = this.context;
    const drive = this.services.contents.driveName(path);
    if (drive !== "") throw new Error(`the files of ${drive} are not on the Jupyter server, which reads captures.`);
    return connect(localPath, this.services.serverSettings);
  }

  #place(): Place {
    const { context } = this;
    const { contents, serverSettings } = this.services;
    return {
      name: context.localPath.split("/").at(-1) ?? "",
      connect: () => this.connect(),
      async fetch(headers, signal) {
        const url = await contents.getDownloadUrl(context.path); // as it is called now: files are renamed
        return ServerConnection.makeRequest(url, { headers, signal }, serverSettings);
      },
    };
  }
}

/** Opens a line to the server that has the file of a tab; null where it shows none of our files. */
export function lineOf(tab: Widget | null): WebSocket | null {
  const content = tab instanceof DocumentWidget ? tab.content : null;
  return content instanceof FileView ? content.connect() : null;
}

function connect(path: string, { wsUrl, token, appendToken, WebSocket }: ServerConnection.ISettings): WebSocket {
  const named = path.split("/").map(encodeURIComponent).join("/");
  const query = appendToken && token !== "" ? `?token=${encodeURIComponent(token)}` : "";
  return new WebSocket(`${wsUrl}headscope/captures/${named}${query}`);
}
