/** What we use of JupyterLab, which hands it to extensions at run time; its own typings would bring some 400 packages. */

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
  import type { Context } from "@jupyterlab/docregistry";
  import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
  import type { Signal, Widget } from "@lumino/widgets";

  export interface Kernel {
    readonly id: string;
    readonly status: string;
  }
  export interface CellWidget extends Widget {
    readonly model: {
      readonly id: string;
      /** Of a cell of code. */
      readonly outputs?: {
        readonly length: number;
        get(index: number): { readonly data: Readonly<Record<string, unknown>> };
      };
    };
  }
  export interface NotebookPanel extends Widget {
    readonly content: {
      readonly rendermime: IRenderMimeRegistry;
      readonly widgets: readonly CellWidget[];
      activeCellIndex: number;
      readonly modelContentChanged: Signal;
      scrollToItem(index: number, align: "center"): Promise<void>;
    };
    readonly context: Context;
    readonly sessionContext: {
      readonly ready: Promise<void>;
      readonly session: { readonly kernel: Kernel | null } | null;
      readonly kernelChanged: Signal<{ oldValue: Kernel | null; newValue: Kernel | null }>;
      readonly statusChanged: Signal;
    };
  }
  export interface INotebookTracker {
    readonly currentWidget: NotebookPanel | null;
    forEach(act: (panel: NotebookPanel) => void): void;
    readonly widgetAdded: Signal<NotebookPanel>;
    readonly currentChanged: Signal;
  }
  export const INotebookTracker: unique symbol; // a token
}

declare module "@jupyterlab/application" {
  import type { WidgetTracker } from "@jupyterlab/apputils";
  import type { ABCWidgetFactory, TextModelFactory } from "@jupyterlab/docregistry";
  import type { ServiceManager } from "@jupyterlab/services";
  import type { CommandRegistry } from "@lumino/commands";
  import type { Widget } from "@lumino/widgets";

  export interface ILayoutRestorer {
    /** Opens again, by a command, what a tracker kept. */
    restore<T extends Widget>(
      tracker: WidgetTracker<T>,
      how: { command: string; args: (widget: T) => object; name: (widget: T) => string },
    ): Promise<unknown>;
    /** Has the place of a widget that is always there restored. */
    add(widget: Widget, name: string): void;
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
    /** Of the application, such as "Jupyter Notebook". */
    readonly name: string;
    readonly shell: {
      readonly currentWidget: Widget | null;
      add(widget: Widget, area: "left" | "main", options?: { rank?: number; mode?: "split-right"; ref?: string }): void;
      activateById(id: string): void;
    };
  }
}

declare module "@jupyterlab/apputils" {
  import type { Widget } from "@lumino/widgets";

  /** Keeps which widgets are open, so that they can be restored. */
  export class WidgetTracker<T extends Widget> {
    constructor(options: { namespace: string });
    add(widget: T): Promise<void>;
    save(widget: T): Promise<void>;
    find(fits: (widget: T) => boolean): T | undefined;
  }
  export interface ICommandPalette {
    addItem(item: { command: string; category: string }): void;
  }
  export const ICommandPalette: unique symbol; // a token
  export namespace Notification {
    function promise<Value>(
      waiting: Promise<Value>,
      options: {
        pending: { message: string };
        success: { message(value: Value): string; options: { autoClose: number } };
        error: { message(thrown: unknown): string };
      },
    ): string;
  }
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
      /** Where the server has the file itself. */
      getDownloadUrl(path: string): Promise<string>;
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
    /** A request with what the server wants to let it in; rejects where there is no answer. */
    function makeRequest(url: string, init: RequestInit, settings: ISettings): Promise<Response>;
  }
}

declare module "@jupyterlab/docregistry" {
  import { type Signal, Widget } from "@lumino/widgets";

  export interface Context {
    readonly ready: Promise<void>;
    /** With the name of its drive, if it has one. */
    readonly path: string;
    readonly pathChanged: Signal;
    /** From the root of its drive. */
    readonly localPath: string;
  }
  export class TextModelFactory {
    get name(): string;
    get fileFormat(): "text" | null;
  }
  export class DocumentWidget extends Widget {
    constructor(options: { context: Context; content: Widget });
    readonly content: Widget;
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
    readonly widgetCreated: Signal<DocumentWidget>;
    protected abstract createNewWidget(context: Context): DocumentWidget;
  }
}
