/** What we use of JupyterLab, which hands it to extensions at run time; its own typings would bring some 400 packages. */

declare module "@lumino/widgets" {
  export class Widget {
    readonly node: HTMLElement;
    readonly isDisposed: boolean;
    hide(): void;
    show(): void;
    dispose(): void;
  }
  export class Panel extends Widget {
    readonly widgets: readonly Widget[];
    addWidget(widget: Widget): void;
  }
}

declare module "@jupyterlab/rendermime" {
  import type { Widget } from "@lumino/widgets";

  /** An output as a renderer gets it. */
  export interface MimeModel {
    readonly trusted: boolean;
    readonly data: Readonly<Record<string, unknown>>;
  }
  export type Renderer = Widget & { renderModel(model: MimeModel): Promise<void> };
  export interface Factory {
    /** Whether it may draw what nobody vouched for. */
    readonly safe: boolean;
    readonly mimeTypes: readonly string[];
    createRenderer(options: object): Renderer;
  }
  export interface IRenderMimeRegistry {
    addFactory(factory: Factory, rank: number): void;
    getFactory(mimeType: string): Factory | undefined;
    createRenderer(mimeType: string): Renderer;
  }
  export const IRenderMimeRegistry: unique symbol; // a token
}

declare module "@jupyterlab/notebook" {
  import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";

  export interface NotebookPanel {
    readonly content: { readonly rendermime: IRenderMimeRegistry };
    readonly sessionContext: { readonly ready: Promise<void> };
  }
  export interface INotebookTracker {
    forEach(act: (panel: NotebookPanel) => void): void;
    readonly widgetAdded: { connect(act: (sender: unknown, panel: NotebookPanel) => void): void };
  }
  export const INotebookTracker: unique symbol; // a token
}

declare module "@jupyterlab/application" {
  import type { ABCWidgetFactory, TextModelFactory } from "@jupyterlab/docregistry";
  import type { ServerConnection } from "@jupyterlab/services";

  export interface JupyterFrontEnd {
    readonly docRegistry: {
      addFileType(type: object): void;
      addModelFactory(factory: TextModelFactory): void;
      addWidgetFactory(factory: ABCWidgetFactory): void;
    };
    readonly serviceManager: { readonly serverSettings: ServerConnection.ISettings };
  }
}

declare module "@jupyterlab/services" {
  export namespace ServerConnection {
    interface ISettings {
      /** Ends with a slash. */
      readonly wsUrl: string;
      readonly token: string;
      readonly appendToken: boolean;
      readonly WebSocket: typeof globalThis.WebSocket;
    }
  }
}

declare module "@jupyterlab/docregistry" {
  import type { Widget } from "@lumino/widgets";

  export interface Context {
    readonly ready: Promise<void>;
    /** From the root of its drive. */
    readonly localPath: string;
  }
  export class TextModelFactory {
    get name(): string;
    get fileFormat(): "text" | null;
  }
  export class DocumentWidget {
    constructor(options: { context: Context; content: Widget });
  }
  export abstract class ABCWidgetFactory {
    constructor(options: {
      name: string;
      modelName: string;
      fileTypes: readonly string[];
      defaultFor: readonly string[];
      readOnly: boolean;
    });
    protected abstract createNewWidget(context: Context): DocumentWidget;
  }
}
