// Performed procedure steps: what modalities say they did, beside what is stored of it.
import { button, every, h, kLookMs, redraw, setText, table } from "./dom.js";
import { Question, get } from "./api.js";
import { date, number, personName, shortened, time } from "./format.js";
import { t } from "./texts.js";

const kPage = 100;

function row(step) {
  const study = step.requests.find((request) => request.holds_objects) ?? step.requests[0];
  const name = h("bdi", null, personName(step.patient_name) || t("noName"));
  return h("tr", null,
    h("td", null, date(step.start_date), " ", h("span", { class: "quiet" }, time(step.start_time))),
    h("th", { scope: "row" }, study?.study_instance_uid && step.stored
      ? h("a", { href: `#/study/${encodeURIComponent(study.study_instance_uid)}` }, name) : name,
    h("span", { class: "quiet block" }, shortened(step.patient_id))),
    h("td", null, h("span", { class: "tag" }, shortened(step.modality))),
    h("td", null, shortened(step.performed_station_ae_title)),
    h("td", null, h("span", { class: `state state-${step.status.toLowerCase().replace(" ", "-")}` }, step.status)),
    h("td", { class: "count" }, number(step.performed)), h("td", { class: "count" }, number(step.stored)),
    h("td", null, step.mismatch ? h("span", { class: "problem-text" }, [
      step.not_stored && t("notStored", { n: step.not_stored }),
      step.stored_elsewhere && t("storedElsewhere", { n: step.stored_elsewhere }),
      step.not_performed && t("notPerformed", { n: step.not_performed })].filter(Boolean).join(", ")) : t("agrees")));
}

export function show({ root, query, signal }) {
  let only = query.get("mismatch") === "true", rows = [], before;
  const question = new Question(signal);
  const list = h("div"), problem = h("p", { class: "problem-text", role: "alert" });
  const failed = (error) => setText(problem, error.message);
  const more = button(t("more"), () => load(true).catch(failed), { class: "wide", hidden: true });
  const box = h("input", { type: "checkbox", checked: only, onchange: () => {
    only = box.checked;
    history.replaceState(null, "", only ? "#/steps?mismatch=true" : "#/steps");
    load().catch(failed);
  } });
  async function load(next) {
    const from = next ? `&before=${before}` : "";
    const page = await question.ask((asked) =>
      get(`/api/performed-steps?limit=${kPage}${only ? "&mismatch=true" : ""}${from}`, { signal: asked }));
    if (!page) return;
    setText(problem, "");
    rows = next ? [...rows, ...page.steps] : page.steps;
    before = page.next_before;
    more.hidden = before === null;
    redraw(list, rows, () => (rows.length === 0 ? h("p", { class: "empty" }, t("noSteps"))
      : table(t("steps"), [t("begun"), t("patient"), t("modality"), t("station"), t("state"), t("performed"), t("stored"),
        t("comparison")], rows.map(row))));
  }
  root.append(h("h1", null, t("steps")), h("p", { class: "quiet" }, t("stepsHint")),
    h("label", { class: "check" }, box, t("onlyMismatches")), problem, list, more);
  // Who has opened further pages reads them in peace.
  every(kLookMs, () => rows.length <= kPage && !question.isOpen && load(), signal);
  return { ready: load() };
}
