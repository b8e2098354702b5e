// Boxes over the page: Esc closes them, and the focus goes back to where it was.
import { button, h } from "./dom.js";
import { t } from "./texts.js";

/** Opens one; its signal is aborted when it closes. */
export function dialog(title, ...content) {
  const closed = new AbortController();
  const before = document.activeElement;
  const box = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => {
    closed.abort();
    box.remove();
    before?.focus?.();
  } }, h("div", { class: "title" }, h("h2", { id: "dialog-title" }, title),
    button("×", () => box.close(), { class: "close", "aria-label": t("close") })), ...content);
  addEventListener("hashchange", () => box.close(), { signal: closed.signal });
  document.body.append(box);
  box.showModal();
  return { box, signal: closed.signal };
}

/** Asks before something that cannot be taken back. */
export function sure(question, label, act) {
  const { box } = dialog(question, h("div", { class: "buttons" },
    button(t("cancel"), () => box.close()),
    button(label, () => {
      box.close();
      act();
    }, { class: "danger" })));
}
