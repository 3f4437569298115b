import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";

/** Brings a cell of a notebook into sight, and shows which one it is. */
export async function goTo({ shell }: JupyterFrontEnd, panel: NotebookPanel, cell: string): Promise<void> {
  const { content } = panel;
  const index = content.widgets.findIndex(({ model }) => model.id === cell);
  shell.activateById(panel.id);
  if (index < 0) return;
  content.activeCellIndex = index;
  await content.scrollToItem(index, "center");
  const colour = getComputedStyle(panel.node).getPropertyValue("--jp-brand-color1");
  const frames = [
    { boxShadow: `0 0 0 3px ${colour}` },
    { boxShadow: `0 0 0 3px ${colour}`, offset: 0.6 },
    { boxShadow: "none" },
  ];
  content.widgets[index].node.animate(frames, { duration: 1500, id: "headscope-here" });
}
