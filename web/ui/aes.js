// Remote AEs: whom the server sends to. Echo, add, change, remove.
import { announce, button, every, h, kLookMs, redraw, setText, table } from "./dom.js";
import { get, may, segment, send } from "./api.js";
import { sure } from "./dialog.js";
import { number, shortened } from "./format.js";
import { t } from "./texts.js";

const pathOf = (ae) => `/api/remote-aes/${segment(ae.ae_title)}`;

function field(name, label, attributes) {
  return [h("label", { for: `ae-${name}` }, label), h("input", { id: `ae-${name}`, name, autocomplete: "off", ...attributes })];
}

function form(load) {
  const problem = h("p", { class: "problem-text", role: "alert" });
  const made = h("form", { class: "form inline card", "aria-label": t("addAe"), onsubmit: async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(made));
    try {
      await send("POST", "/api/remote-aes", { ...values, port: Number(values.port), tls: values.tls === "on" });
      setText(problem, "");
      announce(t("added", { name: values.ae_title }));
      made.reset();
      await load();
    } catch (error) {
      setText(problem, error.message);
    }
  } }, h("h2", null, t("addAe")),
  h("div", { class: "fields" },
    h("div", null, field("ae_title", t("aeTitle"), { required: true, maxlength: 16 })),
    h("div", null, field("host", t("host"), { required: true })),
    h("div", null, field("port", t("port"), { type: "number", min: 1, max: 65535, value: 104, required: true })),
    h("div", null, field("comment", t("comment"))),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "tls" }), "TLS"),
    h("button", { class: "primary" }, t("add"))), problem);
  return made;
}

function row(ae, load, problem) {
  const said = h("span", { role: "status", class: "echo" });
  const echo = button(t("echo"), async () => {
    echo.disabled = true;
    said.className = "echo quiet";
    setText(said, t("echoing"));
    try {
      const answer = await send("POST", `${pathOf(ae)}/echo`);
      said.className = `echo ${answer.ok ? "good" : "problem-text"}`;
      setText(said, answer.ok ? t("echoOk", { ms: number(Math.max(1, Math.round(answer.milliseconds))) }) : answer.error);
    } catch (error) {
      said.className = "echo problem-text";
      setText(said, error.message);
    }
    echo.disabled = false;
  }, { class: "small", "aria-label": `${t("echo")} ${ae.ae_title}` });
  const remove = button(t("remove"), () => sure(t("removeAe", { name: ae.ae_title }), t("remove"), async () => {
    try {
      await send("DELETE", pathOf(ae));
      announce(t("removed", { name: ae.ae_title }));
      await load();
    } catch (error) {
      setText(problem, error.message);
    }
  }), { class: "small", "aria-label": `${t("remove")} ${ae.ae_title}` });
  return h("tr", { "data-key": ae.ae_title }, h("th", { scope: "row" }, h("bdi", null, shortened(ae.ae_title))),
    h("td", null, h("code", null, `${shortened(ae.host)}:${ae.port}`)), h("td", null, ae.tls ? "TLS" : "–"),
    h("td", null, h("bdi", null, shortened(ae.comment))), h("td", null, t(ae.configured ? "fromFile" : "addedHere")),
    h("td", null, h("div", { class: "buttons" }, may("administrator") ? echo : null,
      may("administrator") && !ae.configured ? remove : null, said)));
}

export function show({ root, signal }) {
  const list = h("div"), problem = h("p", { class: "problem-text", role: "alert" });
  const load = async () => {
    const aes = await get("/api/remote-aes", { signal });
    redraw(list, aes, () => (aes.length === 0 ? h("p", { class: "empty" }, t("noAes"))
      : table(t("aes"), [t("aeTitle"), t("address"), "TLS", t("comment"), t("source"), t("actions")],
        aes.map((ae) => row(ae, load, problem)))));
  };
  root.append(h("h1", null, t("aes")), h("p", { class: "quiet" }, t("aesHint")), problem, list,
    ...(may("administrator") ? [form(load)] : []));
  every(kLookMs, load, signal);
  return { ready: load() };
}
