import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";

export const WIDGET = "application/vnd.jupyter.widget-view+json";

/** What we use of the widgets of a notebook, as ipywidgets manages them. */
export interface Manager {
  has_model(id: string): boolean;
  /** Emitted whenever the widgets that live in a kernel have become known. */
  readonly restored: { connect(act: () => void): void; disconnect(act: () => void): void };
}

/**
 * The manager of a notebook's widgets; null while there is none, as before the notebook has a kernel.
 *
 * Ipywidgets gives each notebook, once it has a manager, a renderer of its own, and tells of the manager nowhere else.
 */
export async function managerOf(panel: NotebookPanel, common: IRenderMimeRegistry): Promise<Manager | null> {
  const { rendermime } = panel.content;
  if (rendermime.getFactory(WIDGET) === common.getFactory(WIDGET)) return null;
  const renderer = rendermime.createRenderer(WIDGET);
  const { _manager } = renderer as unknown as { _manager?: { promise: Promise<Manager> } };
  renderer.dispose();
  return (await _manager?.promise) ?? null;
}

/** The same, once the notebook has a kernel. */
export async function managerToBe(panel: NotebookPanel, common: IRenderMimeRegistry): Promise<Manager | null> {
  await panel.sessionContext.ready;
  await new Promise((resolve) => setTimeout(resolve)); // ipywidgets makes it after the same promise
  return managerOf(panel, common);
}
