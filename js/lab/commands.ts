/** The commands of the palette and the cards of the launcher. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type ICommandPalette, showErrorMessage } from "@jupyterlab/apputils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import type { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import type { ILauncher } from "@jupyterlab/launcher";
import { lineOf } from "./document.js";
import { HEAD, LINES } from "./icon.js";
import { viewIn, watchViews } from "./shown.js";

const OPEN = "headscope:open";
const CREATE = "headscope:new-notebook";
const FIGURE = "headscope:export-figure";
const PAGE = "headscope:export-page";

/** Where they are shown, as far as the application has that. */
export interface Places {
  palette: ICommandPalette | null;
  launcher: ILauncher | null;
  browser: IDefaultFileBrowser | null;
}

export function addCommands(app: JupyterFrontEnd, documents: IDocumentManager, places: Places): void {
  const { commands, shell, serviceManager } = app;
  const folderOf = ({ cwd }: { cwd?: unknown }) => String(cwd ?? places.browser?.model.path ?? "");
  watchViews();
  commands.addCommand(OPEN, {
    label: "Open a Capture…",
    caption: "Open saved attention, *.headscope",
    icon: HEAD,
    execute: telling("The capture cannot be opened", async (args) => {
      const { chooseCaptures } = await import("./actions.js");
      for (const path of await chooseCaptures(documents, folderOf(args))) {
        await commands.execute("docmanager:open", { path });
      }
    }),
  });
  commands.addCommand(CREATE, {
    label: "New Attention Notebook",
    caption: "A notebook that shows the attention of a model you name",
    icon: LINES,
    execute: telling("The notebook cannot be made", async (args) => {
      const { makeNotebook } = await import("./actions.js");
      return commands.execute("docmanager:open", await makeNotebook(serviceManager, folderOf(args)));
    }),
  });
  const isEnabled = () => viewIn(shell.currentWidget) !== null;
  commands.addCommand(FIGURE, {
    label: "Export Figure (SVG)",
    caption: "Save what the attention view shows as a vector figure",
    isEnabled,
    execute: telling("The figure cannot be saved", async () => {
      const { shownBy } = await import("./actions.js");
      shownBy(viewIn(shell.currentWidget)).saveFigure();
    }),
  });
  commands.addCommand(PAGE, {
    label: "Export Page",
    caption: "Save the attention view as a page that works offline, with no kernel",
    isEnabled,
    execute: telling("The page cannot be saved", async () => {
      const tab = shell.currentWidget;
      const { savePage, shownBy } = await import("./actions.js");
      return savePage(shownBy(viewIn(tab)), () => lineOf(tab));
    }),
  });
  for (const command of [OPEN, CREATE, FIGURE, PAGE]) places.palette?.addItem({ command, category: "Attention" });
  for (const [rank, command] of [CREATE, OPEN].entries())
    places.launcher?.add({ command, category: "Attention", rank });
}

/** A deed that, where it fails, says so. */
function telling<Args>(failed: string, act: (args: Args) => Promise<unknown>): (args: Args) => Promise<unknown> {
  return (args) =>
    act(args).catch((thrown) => showErrorMessage(failed, thrown instanceof Error ? thrown.message : String(thrown)));
}
