// The keyboard: what each key does, everywhere and in the view that is shown.
import { h } from "./dom.js";
import { dialog } from "./dialog.js";
import { t } from "./texts.js";

const kGo = { s: "studies", u: "upload", w: "worklist", p: "steps", c: "conflicts", o: "overview", j: "jobs", a: "aes",
  t: "tokens", k: "configuration" };
const kSequenceMs = 1200;
let began = -Infinity;  // when "g" was pressed

export function overlay() {
  const row = (keys, what) => h("div", null, h("dt", null, keys.map((key) => h("kbd", null, key))), h("dd", null, what));
  dialog(t("keyboard"), h("dl", { class: "keys" },
    row(["/"], t("keySearch")), row(["j", "↓"], t("keyDown")), row(["k", "↑"], t("keyUp")), row(["Enter"], t("keyOpen")),
    row(["Esc"], t("keyBack")), row(["o"], t("keyViewer")), row(["?"], t("keyHelp")),
    Object.entries(kGo).map(([key, view]) => row(["g", key], t(view)))));
}

function move(rows, by) {
  if (rows.length === 0) return;
  const at = rows.indexOf(document.activeElement);
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

const isTyping = (target) => target.matches("textarea, select, input:not([type=checkbox], [type=button], [type=range])");

/** `current()` is what the shown view gave: {keys, rows, up}. */
export function listen(current) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const { keys = {}, rows, up } = current() ?? {};
    const { key } = event;
    if (isTyping(event.target)) {
      if (key === "Escape") event.target.blur();
      return;
    }
    const isRange = event.target.matches("[type=range]");
    const wasGo = performance.now() - began < kSequenceMs;
    began = -Infinity;
    const act = wasGo && kGo[key] ? () => { location.hash = `#/${kGo[key]}`; }
      : key === "g" ? () => { began = performance.now(); }
      : key === "?" ? overlay
      : keys[key] ? keys[key]
      : rows && !isRange && (key === "j" || key === "ArrowDown") ? () => move(rows(), 1)
      : rows && !isRange && (key === "k" || key === "ArrowUp") ? () => move(rows(), -1)
      : key === "Escape" && up ? () => { location.hash = up; }
      : null;
    if (!act) return;
    event.preventDefault();
    act();
  });
}
