/** What we use of JupyterLab, which hands it to extensions at run time; its own typings would bring some 400 packages. */

declare module "@lumino/widgets" {
  export class Widget {
    readonly node: HTMLElement;
    /** Of its tab. */
    readonly title: { label: string; caption: string; icon: object; closable: boolean };
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

declare module "@lumino/commands" {
  export type Args = Readonly<Record<string, unknown>>;
  export interface CommandRegistry {
    addCommand(
      id: string,
      options: {
        label: string;
        caption?: string;
        icon?: object;
        isEnabled?(): boolean;
        execute(args: Args): Promise<unknown>;
      },
    ): void;
    execute(id: string, args?: object): Promise<unknown>;
  }
}

declare module "@jupyterlab/launcher" {
  export interface ILauncher {
    add(card: { command: string; category: string; rank: number }): void;
  }
  export const ILauncher: unique symbol; // a token
}

declare module "@jupyterlab/docmanager" {
  /** Opens files. */
  export type IDocumentManager = object;
  export const IDocumentManager: unique symbol; // a token
}

declare module "@jupyterlab/filebrowser" {
  import type { IDocumentManager } from "@jupyterlab/docmanager";

  interface File {
    readonly name: string;
    readonly path: string;
  }
  export interface IDefaultFileBrowser {
    readonly model: { readonly path: string };
  }
  export const IDefaultFileBrowser: unique symbol; // a token
  export namespace FileDialog {
    /** @param options.filter Null for a file that is not shown. Folders are. */
    function getOpenFiles(options: {
      manager: IDocumentManager;
      title: string;
      label: string;
      defaultPath: string;
      filter(file: File): object | null;
    }): Promise<{ value: File[] | null }>;
  }
}

declare module "@jupyterlab/settingregistry" {
  export interface Setting {
    /** What was set by the user, else the defaults. */
    readonly composite: Readonly<Record<string, unknown>>;
    readonly changed: { connect(act: () => void): void };
  }
  export interface ISettingRegistry {
    /** Rejects what does not fit its schema. */
    load(plugin: string): Promise<Setting>;
  }
  export const ISettingRegistry: unique symbol; // a token
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
  import type { WidgetTracker } from "@jupyterlab/apputils";
  import type { ABCWidgetFactory, DocumentWidget, TextModelFactory } from "@jupyterlab/docregistry";
  import type { ServiceManager } from "@jupyterlab/services";
  import type { CommandRegistry } from "@lumino/commands";
  import type { Widget } from "@lumino/widgets";

  export interface ILayoutRestorer {
    /** Opens again, by a command, what a tracker kept. */
    restore<T extends DocumentWidget>(
      tracker: WidgetTracker<T>,
      how: { command: string; args: (widget: T) => object; name: (widget: T) => string },
    ): Promise<unknown>;
  }
  export const ILayoutRestorer: unique symbol; // a token

  export interface JupyterFrontEnd {
    readonly docRegistry: {
      addFileType(type: object): void;
      addModelFactory(factory: TextModelFactory): void;
      addWidgetFactory(factory: ABCWidgetFactory): void;
    };
    readonly serviceManager: ServiceManager;
    readonly commands: CommandRegistry;
    readonly shell: { readonly currentWidget: Widget | null };
  }
}

declare module "@jupyterlab/apputils" {
  import type { Widget } from "@lumino/widgets";

  /** Keeps which widgets are open, so that they can be restored. */
  export class WidgetTracker<T extends Widget> {
    constructor(options: { namespace: string });
    add(widget: T): Promise<void>;
    save(widget: T): Promise<void>;
  }
  export interface ICommandPalette {
    addItem(item: { command: string; category: string }): void;
  }
  export const ICommandPalette: unique symbol; // a token
  /** Shows a dialog. */
  export function showErrorMessage(title: string, message: string): Promise<void>;
}

declare module "@jupyterlab/statedb" {
  /** What JupyterLab keeps beyond a reload of its page. */
  export interface IStateDB {
    fetch(name: string): Promise<unknown>;
    save(name: string, value: unknown): Promise<void>;
  }
  export const IStateDB: unique symbol; // a token
}

declare module "@jupyterlab/ui-components" {
  export class LabIcon {
    constructor(options: { name: string; svgstr: string });
  }
}

declare module "@jupyterlab/services" {
  export interface ServiceManager {
    readonly serverSettings: ServerConnection.ISettings;
    /** Tells the drive of a path, "" of the server's own. */
    readonly contents: {
      driveName(path: string): string;
      newUntitled(options: { path: string; type: "notebook" }): Promise<{ path: string }>;
      save(path: string, file: { type: "notebook"; format: "json"; content: object }): Promise<unknown>;
    };
    readonly kernelspecs: {
      readonly ready: Promise<void>;
      readonly specs: { default: string; kernelspecs: Record<string, KernelSpec | undefined> } | null;
    };
  }
  export interface KernelSpec {
    readonly name: string;
    readonly display_name: string;
    readonly language: string;
  }
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
  import { Widget } from "@lumino/widgets";

  interface Signal<Sender, Told> {
    connect(act: (sender: Sender, told: Told) => void): void;
  }
  export interface Context {
    readonly ready: Promise<void>;
    /** With the name of its drive, if it has one. */
    readonly path: string;
    readonly pathChanged: Signal<Context, string>;
    /** From the root of its drive. */
    readonly localPath: string;
  }
  export class TextModelFactory {
    get name(): string;
    get fileFormat(): "text" | null;
  }
  export class DocumentWidget extends Widget {
    constructor(options: { context: Context; content: Widget });
    readonly context: Context;
  }
  export abstract class ABCWidgetFactory {
    constructor(options: {
      name: string;
      modelName: string;
      fileTypes: readonly string[];
      defaultFor: readonly string[];
      readOnly: boolean;
    });
    readonly widgetCreated: Signal<this, DocumentWidget>;
    protected abstract createNewWidget(context: Context): DocumentWidget;
  }
}
