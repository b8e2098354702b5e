// The configuration in force, and where each value comes from.
import { h, setText, table } from "./dom.js";
import { get } from "./api.js";
import { visible } from "./format.js";
import { t } from "./texts.js";

const kFrom = { default: "fromDefault", file: "fromFile", environment: "fromEnvironment", "command line": "fromCommandLine" };

function row({ key, value, from, where }) {
  return h("tr", { class: from === "default" ? "usual" : null }, h("th", { scope: "row" }, h("code", null, key)),
    h("td", { class: "value" }, h("code", null, visible(Array.isArray(value) ? value.join(", ") : String(value)))),
    h("td", null, t(kFrom[from] ?? from), where ? h("span", { class: "quiet block" }, where) : null));
}

export function show({ root, signal }) {
  const list = h("div"), count = h("p", { class: "quiet", role: "status" });
  const box = h("input", { type: "search", id: "search", placeholder: t("findKey"), "aria-label": t("findKey"), autocomplete: "off",
    spellcheck: "false", oninput: () => draw() });
  const changed = h("input", { type: "checkbox", onchange: () => draw() });
  let keys = [];
  function draw() {
    const word = box.value.trim().toLowerCase();
    const fit = keys.filter((one) => (!changed.checked || one.from !== "default")
      && `${one.key} ${JSON.stringify(one.value)}`.toLowerCase().includes(word));
    setText(count, t("keysFound", { n: fit.length }));
    list.replaceChildren(table(t("configuration"), [t("key"), t("value"), t("source")], fit.map(row)));
  }
  root.append(h("h1", null, t("configuration")), h("p", { class: "quiet" }, t("configurationHint")),
    h("search", { class: "searchbar" }, box), h("label", { class: "check" }, changed, t("onlyChanged")), count, list);
  const load = async () => {
    ({ keys } = await get("/api/configuration", { signal }));
    draw();
  };
  return { ready: load(), keys: { "/": () => box.focus() } };
}
