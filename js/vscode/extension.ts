/** Opens saved captures, *.headscope, in an editor that reads them: the page computes, the extension hands it bytes. */
import { randomBytes } from "node:crypto";
import { type CustomReadonlyEditorProvider, type ExtensionContext, Uri, type WebviewPanel, window } from "vscode";
import { Capture } from "./capture.js";
import { questionIn } from "./messages.js";

const VIEW_TYPE = "headscope.capture";

export function activate({ extensionUri, subscriptions }: ExtensionContext): void {
  const editors = new Editors(extensionUri);
  subscriptions.push(
    window.registerCustomEditorProvider(VIEW_TYPE, editors, { supportsMultipleEditorsPerDocument: true }),
  );
}

class Editors implements CustomReadonlyEditorProvider<Capture> {
  constructor(private readonly extension: Uri) {}

  openCustomDocument(uri: Uri): Capture {
    return new Capture(uri);
  }

  resolveCustomEditor(capture: Capture, { webview, onDidDispose }: WebviewPanel): void {
    webview.options = { enableScripts: true, localResourceRoots: [this.extension] };
    const listening = webview.onDidReceiveMessage(async (message) => {
      const question = questionIn(message);
      if (question !== null) await webview.postMessage(await capture.answer(question));
    });
    onDidDispose(() => listening.dispose());
    webview.html = pageOf(webview.asWebviewUri(Uri.joinPath(this.extension, "webview.js")).toString());
  }
}

/** The page of an editor: one script and one style of ours, pictures out of the file, and nothing from anywhere. */
function pageOf(script: string): string {
  const nonce = randomBytes(16).toString("base64");
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data: blob:`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Attention explorer</title>
<style nonce="${nonce}">
body { margin: 0; padding: 0; font: var(--vscode-font-size, 13px)/1.5 var(--vscode-font-family, sans-serif); }
</style>
<body><script nonce="${nonce}" src="${script.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"></script>
</html>
`;
}
