/** The views, and what they are shown from: a part of its own, which is only loaded where there is something to show. */
export { showFile } from "./file.js";
export { showSaved } from "./saved.js";
