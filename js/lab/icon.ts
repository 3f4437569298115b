import { LabIcon } from "@jupyterlab/ui-components";

/** In a grey that JupyterLab turns light in its dark theme. */
const draw = (name: string, paths: string): LabIcon =>
  new LabIcon({
    name: `headscope:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g class="jp-icon3 jp-icon-selectable" fill="#616161">${paths}</g></svg>`,
  });

/** A head: rows that look at columns, some of them before themselves. */
export const HEAD = draw(
  "capture",
  '<path d="M2 2h3v3H2zM6.5 6.5h3v3h-3zM11 11h3v3h-3z"/><path d="M2 6.5h3v3H2zM2 11h3v3H2zM6.5 11h3v3h-3z" opacity=".45"/>',
);

/** Tokens left and right, and the lines between them. */
export const LINES = draw(
  "views",
  '<path d="M2 2h2.5v2.5H2zM2 6.75h2.5v2.5H2zM2 11.5h2.5V14H2zM11.5 2H14v2.5h-2.5zM11.5 6.75H14v2.5h-2.5zM11.5 11.5H14V14h-2.5z"/>' +
    '<path d="M5.3 3.1h5.4v1.2H5.3zM5.5 7.1l5.2-3.2.6 1-5.2 3.2zM5.5 12l5.2-3.4.6 1-5.2 3.4z" opacity=".6"/>',
);
