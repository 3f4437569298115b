/** A page of outputs: runs code in a kernel, directly or through the page round it, and shows widgets. */
import { KernelConnection, type Message, ServerConnection } from "@jupyterlab/services";
import { colab, vscode } from "./managers.js";
import { RELAYED } from "./relayed.js";

declare global {
  interface Window {
    /** Runs code, shows the widgets that it displays, and returns what it printed. */
    execute(code: string): Promise<string>;
  }
}

const VIEW = "application/vnd.jupyter.widget-view+json";
const query = new URLSearchParams(location.search);

function connect(): KernelConnection {
  const baseUrl = `${location.origin}/`;
  const direct = { baseUrl, wsUrl: baseUrl.replace("http", "ws"), token: query.get("token") ?? "", appendToken: true };
  const serverSettings = ServerConnection.makeSettings({ ...direct, ...(parent === window ? {} : RELAYED) });
  return new KernelConnection({ model: { id: query.get("kernel") ?? "", name: "python3" }, serverSettings });
}

async function start(): Promise<void> {
  const kernel = connect();
  await kernel.info;
  const show = await (query.has("colab") ? colab : vscode)(kernel);
  window.execute = async (code) => {
    const printed: string[] = [];
    const shown: Promise<unknown>[] = [];
    const future = kernel.requestExecute({ code });
    future.onIOPub = ({ content }: Message) => {
      printed.push(content.text ?? content.evalue ?? "");
      const view = content.data?.[VIEW];
      if (view) shown.push(show(view.model_id, document.getElementById("out") ?? document.body));
    };
    await future.done;
    await Promise.all(shown);
    return printed.join("");
  };
}

void start();
