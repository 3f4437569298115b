/**
 * The JupyterLab extension: installed with the package, empty but for its id.
 *
 * The shape of a plugin is a handful of fields, so it is typed here; the typings of
 * JupyterLab would bring some four hundred packages.
 */
interface Plugin {
  id: string;
  description: string;
  autoStart: boolean;
  activate: (app: unknown) => void;
}

const plugin: Plugin = {
  id: "headscope:plugin",
  description: "headscope in JupyterLab.",
  autoStart: true,
  activate: () => {},
};

export default plugin;
