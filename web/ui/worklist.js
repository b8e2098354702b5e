// The worklist: what is ordered, and how far it is.
import { announce, button, every, h, kLookMs, redraw, setText, table } from "./dom.js";
import { Question, ask, may, segment, send } from "./api.js";
import { sure } from "./dialog.js";
import { date, shortened, text, time } from "./format.js";
import { t } from "./texts.js";

const kPage = 100;
const kDone = ["COMPLETED", "DISCONTINUED", "CANCELED", "CANCELLED"];

function query(typed, offset) {
  const asked = new URLSearchParams({ limit: kPage, offset });
  const word = typed.trim().replace(/\s+/g, "*");
  if (/^\d{4}-?\d\d-?\d\d$/.test(word)) asked.set("ScheduledProcedureStepStartDate", word.replace(/-/g, ""));
  else if (/^[A-Za-z]{2}$/.test(word)) asked.set("Modality", word.toUpperCase());
  else if (word) asked.set("PatientName", `${word}*`);
  return asked;
}

function row(order, load, problem) {
  const step = order["00400100"]?.Value?.[0] ?? {};
  const status = text(step, "00400020");
  const study = text(order, "0020000D"), id = text(step, "00400009");
  const act = (verb, method, path) => button(t(verb), () => sure(t("sureStep", { what: t(verb), id: shortened(id) }), t(verb), async () => {
    try {
      await send(method, `/api/worklist/${segment(study)}/${segment(id)}${path}`);
      announce(t("doneVerb"));
      await load();
    } catch (error) {
      setText(problem, error.message);
    }
  }), { class: "small" });
  return h("tr", { "data-key": `${study} ${id}` },
    h("td", null, date(text(step, "00400002")), " ", h("span", { class: "quiet" }, time(text(step, "00400003")))),
    h("th", { scope: "row" }, h("bdi", null, shortened(text(order, "00100010")) || t("noName")),
      h("span", { class: "quiet block" }, shortened(text(order, "00100020")))),
    h("td", null, h("span", { class: "tag" }, shortened(text(step, "00080060")))),
    h("td", null, h("bdi", null, shortened(text(step, "00400007") || text(order, "00321060")))),
    h("td", null, shortened(text(order, "00080050"))), h("td", null, shortened(text(step, "00400001"))),
    h("td", null, h("span", { class: `state state-${status.toLowerCase()}` }, status)),
    h("td", null, may("administrator") ? h("div", { class: "buttons" },
      kDone.includes(status) ? null : act("cancelStep", "POST", "/cancel"), act("remove", "DELETE", "")) : null));
}

export function show({ root, signal }) {
  let typed = "", timer, offset = 0, rows = [];
  const question = new Question(signal);
  const list = h("div"), problem = h("p", { class: "problem-text", role: "alert" });
  const failed = (error) => setText(problem, error.message);
  const more = button(t("more"), () => load(offset).catch(failed), { class: "wide", hidden: true });
  const box = h("input", { type: "search", id: "search", placeholder: t("worklistHint"), "aria-label": t("worklistHint"),
    autocomplete: "off", spellcheck: "false", oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        typed = box.value;
        load().catch(failed);
      }, 150);
    } });
  async function load(from = 0) {
    const answer = await question.ask(async (asked) => {
      const response = await ask(`/api/worklist?${query(typed, from)}`, { signal: asked });
      return { page: await response.json(), link: response.headers.get("Link") ?? "" };
    });
    if (!answer) return;
    const { page, link } = answer;
    setText(problem, "");
    rows = from ? [...rows, ...page] : page;
    offset = from + page.length;
    more.hidden = !/rel="next"/.test(link);
    redraw(list, rows, () => (rows.length === 0 ? h("p", { class: "empty" }, t("noOrders"))
      : table(t("worklist"), [t("scheduled"), t("patient"), t("modality"), t("procedure"), t("accession"), t("station"),
        t("state"), t("actions")], rows.map((order) => row(order, load, problem)))));
  }
  root.append(h("h1", null, t("worklist")), h("search", { class: "searchbar" }, box), problem, list, more);
  // Who has opened further pages reads them in peace.
  every(kLookMs, () => offset <= kPage && !question.isOpen && load(), signal);
  return { ready: load(), keys: { "/": () => box.focus() } };
}
