import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { Widget } from "@lumino/widgets";
import type { Told } from "./listen.js";

export const WIDGET = "application/vnd.jupyter.widget-view+json";

/** A widget, as ipywidgets has it on the page. */
export interface WidgetModel {
  readonly model_id: string;
  /** False once the kernel that it was of has been restarted. */
  readonly comm_live?: boolean;
  get(name: string): unknown;
  /** @param events Names of some, with spaces between them. */
  on(events: string, act: () => void): void;
  off(events: string, act: () => void): void;
}

/** A place where a widget is shown. */
export interface WidgetView {
  readonly luminoWidget: Widget;
  remove(): void;
}

/** What we use of the widgets of a notebook, as ipywidgets manages them. */
export interface Manager {
  has_model(id: string): boolean;
  get_model(id: string): Promise<WidgetModel>;
  create_view(model: WidgetModel): Promise<WidgetView>;
  /** Emitted whenever the widgets that live in a kernel have become known. */
  readonly restored: Told;
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
