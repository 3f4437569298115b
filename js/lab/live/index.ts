/** Live views: their list, and tabs of their own; only loaded where one of these is opened. */
export { addStyle } from "./element.js";
export { goTo } from "./go.js";
export { showList } from "./list.js";
export { LiveViews, type Where, whereOf } from "./live_views.js";
export { keyOf, PoppedOut } from "./tab.js";
