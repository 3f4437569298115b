/**
 * The JupyterLab extension: an output of headscope is drawn as its live widget or, where that is gone, as the picture
 * that was saved with the notebook; a file `*.headscope` opens as a document.
 */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ExplorerFactory, FILE_TYPE, FileModelFactory } from "./document.js";
import { SAVED, SavedOutput } from "./renderer.js";

interface Plugin<Parts extends unknown[]> {
  id: string;
  description: string;
  autoStart: boolean;
  requires: readonly unknown[];
  activate(app: JupyterFrontEnd, ...parts: Parts): void;
}

/** Before that of widgets, which is at -10. */
const RANK = -20;

const outputs: Plugin<[IRenderMimeRegistry, INotebookTracker]> = {
  id: "headscope:plugin",
  description: "headscope's views in notebooks that are opened without running.",
  autoStart: true,
  requires: [IRenderMimeRegistry, INotebookTracker],
  activate(_app, common, notebooks) {
    // Notebooks only: elsewhere nothing is opened that was saved, and outputs are drawn as ever.
    const add = (panel: NotebookPanel) => {
      const { rendermime } = panel.content;
      const createRenderer = () => new SavedOutput(panel, common);
      rendermime.addFactory({ safe: true, mimeTypes: [SAVED], createRenderer }, RANK);
    };
    notebooks.forEach(add);
    notebooks.widgetAdded.connect((_, panel) => add(panel));
  },
};

const files: Plugin<[]> = {
  id: "headscope:files",
  description: "Opens saved captures, *.headscope.",
  autoStart: true,
  requires: [],
  activate({ docRegistry, serviceManager }) {
    docRegistry.addFileType(FILE_TYPE);
    docRegistry.addModelFactory(new FileModelFactory());
    docRegistry.addWidgetFactory(new ExplorerFactory(serviceManager.serverSettings));
  },
};

export default [outputs, files];
