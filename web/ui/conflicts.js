// Studies whose instances name different patients, until somebody has decided.
import { announce, button, every, h, kLookMs, redraw, setText, table } from "./dom.js";
import { get, may, segment, send } from "./api.js";
import { sure } from "./dialog.js";
import { number, personName, shortened } from "./format.js";
import { t } from "./texts.js";

const patient = (one) => [h("bdi", null, personName(one.patient_name) || t("noName")),
  h("span", { class: "quiet block" }, shortened(one.patient_id))];

export function show({ root, signal }) {
  const list = h("div"), problem = h("p", { class: "problem-text", role: "alert" });
  const decide = (conflict) => sure(t("sureConflict"), t("decided"), async () => {
    try {
      await send("DELETE", `/api/conflicts/${segment(conflict.study_instance_uid)}`);
      announce(t("doneVerb"));
      await load();
    } catch (error) {
      setText(problem, error.message);
    }
  });
  const row = (conflict) => h("tr", { "data-key": conflict.study_instance_uid },
    h("th", { scope: "row" }, h("a", { href: `#/study/${conflict.study_instance_uid}` }, patient(conflict.filed_under))),
    h("td", null, conflict.others.map((other) => h("div", null, patient(other),
      h("span", { class: "quiet block" }, `${t("imagesOf", { n: other.instances })} · ${shortened(other.source_ae)}`)))),
    h("td", { class: "count" }, number(conflict.instances)),
    h("td", null, may("administrator") ? button(t("decided"), () => decide(conflict), { class: "small" }) : null));
  async function load() {
    const { conflicts, next_before: next } = await get("/api/conflicts?limit=200", { signal });
    redraw(list, [conflicts, next], () => (conflicts.length === 0 ? h("p", { class: "empty" }, t("noConflicts"))
      : [table(t("conflicts"), [t("filedUnder"), t("alsoNamed"), t("instances"), t("actions")], conflicts.map(row)),
        next !== null && h("p", { class: "quiet" }, t("newestOnes", { n: conflicts.length }))]));
  }
  root.append(h("h1", null, t("conflicts")), h("p", { class: "quiet" }, t("conflictsHint")), problem, list);
  every(kLookMs, load, signal);
  return { ready: load() };
}
