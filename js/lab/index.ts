/**
 * The JupyterLab extension: an output of headscope is drawn as its live widget or, where that is gone, as the picture
 * that was saved with the notebook; a file `*.headscope` opens as a document; commands, settings, and a list
 * of live views.
 */
import { ILayoutRestorer, type JupyterFrontEnd } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStateDB } from "@jupyterlab/statedb";
import { addCommands } from "./commands.js";
import { ExplorerFactory, FILE_TYPE, FileModelFactory, restore } from "./document.js";
import { SAVED, SavedOutput } from "./renderer.js";
import { Preferences, SETTINGS } from "./settings.js";
import { Side } from "./side.js";

interface Plugin<Parts extends unknown[]> {
  id: string;
  description: string;
  autoStart: boolean;
  requires: readonly unknown[];
  optional?: readonly unknown[];
  activate(app: JupyterFrontEnd, ...parts: Parts): void;
}

const preferences = new Preferences();

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

const files: Plugin<[IStateDB, ILayoutRestorer | null]> = {
  id: "headscope:files",
  description: "Opens saved captures, *.headscope.",
  autoStart: true,
  requires: [IStateDB],
  optional: [ILayoutRestorer],
  activate({ docRegistry, serviceManager }, state, restorer) {
    const factory = new ExplorerFactory(serviceManager, state, preferences);
    docRegistry.addFileType(FILE_TYPE);
    docRegistry.addModelFactory(new FileModelFactory());
    docRegistry.addWidgetFactory(factory);
    if (restorer !== null) restore(factory, restorer);
  },
};

const settings: Plugin<[ISettingRegistry | null]> = {
  id: SETTINGS,
  description: "headscope's settings.",
  autoStart: true,
  requires: [],
  optional: [ISettingRegistry],
  activate(_app, registry) {
    void preferences.follow(registry);
  },
};

const commands: Plugin<[IDocumentManager, ICommandPalette | null, ILauncher | null, IDefaultFileBrowser | null]> = {
  id: "headscope:commands",
  description: "headscope's commands, and its cards in the launcher.",
  autoStart: true,
  requires: [IDocumentManager],
  optional: [ICommandPalette, ILauncher, IDefaultFileBrowser],
  activate(app, documents, palette, launcher, browser) {
    addCommands(app, documents, { palette, launcher, browser });
  },
};

const views: Plugin<[INotebookTracker, IRenderMimeRegistry, ILayoutRestorer | null]> = {
  id: "headscope:views",
  description: "A side panel of the live views of notebooks, and tabs of their own for them.",
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [ILayoutRestorer],
  activate(app, notebooks, common, restorer) {
    new Side(app, notebooks, common).add(restorer);
  },
};

export default [outputs, files, settings, commands, views];
