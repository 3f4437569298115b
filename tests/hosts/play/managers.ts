/** The two widget managers: VS Code's own, and the one that Colab's is made of. */
import * as base from "@jupyter-widgets/base";
import { HTMLManager } from "@jupyter-widgets/html-manager";
import type { Comm, KernelConnection } from "@jupyterlab/services";

/** Shows the view of a model in an element. */
export type Show = (id: string, element: HTMLElement) => Promise<unknown>;

interface VscodeManager {
  get_model(id: string): Promise<unknown>;
  create_view(model: unknown): Promise<unknown>;
  display_view(message: null, view: unknown, options: { node: HTMLElement }): Promise<unknown>;
}

interface Loader {
  widgetsRegisteredInRequireJs: Set<string>;
  errorHandler(...about: unknown[]): void;
  successHandler(): void;
  loadWidgetScript(name: string): Promise<void>;
}

type Require = ((names: string[], found: (module: unknown) => void, failed: (error: Error) => void) => void) & {
  config(options: { paths: Record<string, string> }): void;
};

declare global {
  var requirejs: Require;
  function define(name: string, needs: string[], make: () => unknown): void;
  interface Window {
    vscIPyWidgets8: { load(): void };
    vscIPyWidgets: {
      WidgetManager: new (
        kernel: KernelConnection,
        element: HTMLElement,
        loader: Loader,
        log: (text: string) => void,
      ) => VscodeManager;
    };
  }
}

/** From the environment of the kernel, as both do where they are not told to ask a CDN. */
function findInEnvironment(name: string): void {
  requirejs.config({ paths: { [name]: `/nbextensions/${name}/index` } });
}

export async function vscode(kernel: KernelConnection): Promise<Show> {
  const renderer: { activate(): void } = await import("/ipywidgets.js" as string);
  renderer.activate();
  window.vscIPyWidgets8.load();
  const registered = new Set<string>();
  const loader: Loader = {
    widgetsRegisteredInRequireJs: registered,
    errorHandler: (...about) => console.error("widget failed", ...about),
    successHandler: () => {},
    loadWidgetScript: async (name) => {
      findInEnvironment(name);
      registered.add(name);
    },
  };
  const manager = new window.vscIPyWidgets.WidgetManager(kernel, document.body, loader, console.debug);
  return async (id, node) => {
    const view = await manager.create_view(await manager.get_model(id));
    await manager.display_view(null, view, { node });
  };
}

class ColabManager extends HTMLManager {
  constructor(private readonly kernel: KernelConnection) {
    super({ loader: (name) => new Promise((found, failed) => requirejs([name], found, failed)) });
    kernel.registerCommTarget(this.comm_target_name, (comm, message) => this.handle_comm_open(wrapped(comm), message));
  }

  async _create_comm(target: string, id: string, data: unknown, metadata: unknown): Promise<unknown> {
    const comm = this.kernel.createComm(target, id);
    comm.open(data, metadata);
    return wrapped(comm);
  }
}

function wrapped(comm: Comm): unknown {
  return new base.shims.services.Comm(comm);
}

export async function colab(kernel: KernelConnection): Promise<Show> {
  define("@jupyter-widgets/base", [], () => base);
  findInEnvironment("anywidget");
  const manager = new ColabManager(kernel);
  return async (id, element) => manager.display_view(await manager.create_view(await manager.get_model(id)), element);
}
