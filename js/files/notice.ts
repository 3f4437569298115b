/** What is said where a view would be: in the colours of JupyterLab or VS Code, which are the hosts of files. */
const COLOURS = {
  status: "var(--jp-ui-font-color2, var(--vscode-descriptionForeground, #59626d))",
  alert: "var(--jp-error-color1, var(--vscode-errorForeground, #b3261e))",
};

/** Says something until it is removed, or the signal ends it. */
export function say(el: HTMLElement, role: "status" | "alert", text: string, until: AbortSignal): HTMLElement {
  const box = document.createElement("div");
  box.setAttribute("role", role);
  box.style.cssText = `padding:8px 12px;overflow-wrap:anywhere;color:${COLOURS[role]}`;
  box.textContent = text;
  el.append(box);
  until.addEventListener("abort", () => box.remove());
  return box;
}
