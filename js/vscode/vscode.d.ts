/** What we use of VS Code's API, which its extension host provides. */
declare module "vscode" {
  export interface Disposable {
    dispose(): unknown;
  }

  export interface Uri {
    readonly scheme: string;
    readonly path: string;
    readonly fsPath: string;
  }

  export const Uri: { joinPath(base: Uri, ...parts: string[]): Uri };

  export interface CustomDocument extends Disposable {
    readonly uri: Uri;
  }

  export interface Webview {
    options: { enableScripts?: boolean; localResourceRoots?: readonly Uri[] };
    html: string;
    asWebviewUri(local: Uri): Uri;
    postMessage(message: unknown): PromiseLike<boolean>;
    onDidReceiveMessage(listener: (message: unknown) => unknown): Disposable;
  }

  export interface WebviewPanel {
    readonly webview: Webview;
    onDidDispose(listener: () => unknown): Disposable;
  }

  export interface CustomReadonlyEditorProvider<Document extends CustomDocument> {
    openCustomDocument(uri: Uri): Document | PromiseLike<Document>;
    resolveCustomEditor(document: Document, panel: WebviewPanel): void | PromiseLike<void>;
  }

  export interface ExtensionContext {
    readonly extensionUri: Uri;
    readonly subscriptions: Disposable[];
  }

  export const window: {
    registerCustomEditorProvider<Document extends CustomDocument>(
      viewType: string,
      provider: CustomReadonlyEditorProvider<Document>,
      options: { supportsMultipleEditorsPerDocument: boolean },
    ): Disposable;
  };

  export const workspace: {
    fs: { readFile(uri: Uri): PromiseLike<Uint8Array>; stat(uri: Uri): PromiseLike<{ size: number }> };
  };
}
