import style from "./live.css";

/** An element with text or others within: what comes from a kernel is text. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string>,
  ...inner: (string | Node)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inner);
  return made;
}

export function button(attributes: Record<string, string>, act: () => void, ...inner: (string | Node)[]) {
  const made = element("button", { type: "button", ...attributes }, ...inner);
  made.addEventListener("click", act);
  return made;
}

/** Puts our style sheet on the page, once. */
export function addStyle(): void {
  const id = "headscope-live";
  if (document.getElementById(id) === null) document.head.append(element("style", { id }, style));
}
