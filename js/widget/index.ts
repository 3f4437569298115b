/** Stands here until the widget does. */
export default {
  render({ el }: { el: HTMLElement }): void {
    el.textContent = "headscope";
  },
};
