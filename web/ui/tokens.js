// Tokens: who may what over HTTP. A new one is shown once.
import { announce, button, h, setText, table } from "./dom.js";
import { get, segment, send } from "./api.js";
import { dialog, sure } from "./dialog.js";
import { instant, shortened } from "./format.js";
import { t } from "./texts.js";

const kRoles = ["viewer", "uploader", "administrator"];

function shown(token) {
  const field = h("input", { type: "text", readonly: true, value: token, class: "token", "aria-label": t("token"),
    onfocus: () => field.select() });
  const copy = button(t("copy"), async () => {
    await navigator.clipboard.writeText(token);
    setText(copy, t("copied"));
  });
  dialog(t("newToken"), h("p", null, t("tokenOnce")), h("div", { class: "buttons" }, field, navigator.clipboard ? copy : null));
  field.focus();
}

export function show({ root, signal }) {
  const list = h("div"), problem = h("p", { class: "problem-text", role: "alert" });
  const failed = (error) => setText(problem, error.message);
  const revoke = (token) => sure(t("sureRevoke", { name: shortened(token.name) }), t("revoke"), async () => {
    await send("DELETE", `/api/tokens/${segment(token.id)}`).then(load).catch(failed);
    announce(t("removed", { name: token.name }));
  });
  async function load() {
    const { tokens } = await get("/api/tokens", { signal });
    list.replaceChildren(tokens.length === 0 ? h("p", { class: "empty" }, t("noTokens"))
      : table(t("tokens"), [t("name"), t("role"), t("created"), t("actions")], tokens.map((token) => h("tr", null,
        h("th", { scope: "row" }, h("bdi", null, shortened(token.name))), h("td", null, t(token.role)),
        h("td", null, token.created ? instant(token.created) : "–"),
        h("td", null, button(t("revoke"), () => revoke(token), { class: "small", "aria-label": `${t("revoke")} ${shortened(token.name)}` }))))));
  }
  const form = h("form", { class: "form inline card", "aria-label": t("newToken"), onsubmit: async (event) => {
    event.preventDefault();
    try {
      const made = await send("POST", "/api/tokens", Object.fromEntries(new FormData(form)));
      form.reset();
      setText(problem, "");
      shown(made.token);
      await load();
    } catch (error) {
      failed(error);
    }
  } }, h("h2", null, t("newToken")), h("div", { class: "fields" },
    h("div", null, h("label", { for: "token-name" }, t("name")), h("input", { id: "token-name", name: "name", required: true, autocomplete: "off" })),
    h("div", null, h("label", { for: "token-role" }, t("role")),
      h("select", { id: "token-role", name: "role" }, kRoles.map((role) => h("option", { value: role }, t(role))))),
    h("button", { class: "primary" }, t("create"))));
  root.append(h("h1", null, t("tokens")), h("p", { class: "quiet" }, t("tokensHint")), problem, list,
    form);
  return { ready: load() };
}
