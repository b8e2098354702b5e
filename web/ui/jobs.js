// Jobs: what the server does by itself, and does again until it works.
import { announce, button, every, h, redraw, setText, table } from "./dom.js";
import { Question, get, may, send } from "./api.js";
import { instant, number, shortened } from "./format.js";
import { t } from "./texts.js";

const kLookMs = 2000;
const kStates = ["waiting", "running", "done", "dead", "cancelled"];

export const canRetry = ({ state }) => ["dead", "cancelled", "waiting"].includes(state);
export const canCancel = ({ state }) => ["waiting", "running"].includes(state);
export const jobState = (state) => t(`job_${state}`);

function row(job, act) {
  const { done, total } = job.progress;
  const actions = may("administrator") ? [
    canRetry(job) && button(t("retry"), () => act(job, "retry"), { class: "small" }),
    canCancel(job) && button(t("cancel"), () => act(job, "cancel"), { class: "small" })] : [];
  return h("tr", { "data-key": job.id }, h("td", { class: "count" }, job.id), h("td", null, shortened(job.kind)),
    h("td", { class: "value" }, h("bdi", null, shortened(job.subject))), h("td", null, shortened(job.destination)),
    h("td", null, h("span", { class: `state state-${job.state}` }, jobState(job.state)),
      total ? h("span", { class: "quiet" }, ` ${number(done)} / ${number(total)}`) : null,
      job.error ? h("span", { class: "problem-text block" }, shortened(job.error)) : null,
      job.due && job.attempts ? h("span", { class: "quiet block" }, t("nextTry", { time: instant(job.due) })) : null),
    h("td", { class: "count" }, job.attempts), h("td", null, instant(job.changed)),
    h("td", null, h("div", { class: "buttons" }, actions)));
}

export function show({ root, query, signal }) {
  let state = kStates.find((name) => name === query.get("state")) ?? "";
  const list = h("div"), problem = h("p", { class: "problem-text", role: "alert" });
  const choice = h("div", { class: "choices", role: "group", "aria-label": t("state") });
  root.append(h("h1", null, t("jobs")), h("p", { class: "quiet" }, t("jobsHint")), choice, problem, list);
  const question = new Question(signal);
  const failed = (error) => setText(problem, error.message);
  const act = async (job, verb) => {
    try {
      await send("POST", `/api/jobs/${job.id}/${verb}`);
      setText(problem, "");
      announce(`${t(verb)}: ${job.id}`);
    } catch (error) {
      failed(error);
    }
    load().catch(failed);
  };
  const choose = (name) => {
    state = name;
    history.replaceState(null, "", name ? `#/jobs?state=${name}` : "#/jobs");
    load().catch(failed);
  };
  async function load() {
    const answer = await question.ask((asked) => get(`/api/jobs?limit=200${state ? `&state=${state}` : ""}`, { signal: asked }));
    if (!answer) return;
    const { jobs, counts } = answer;
    redraw(choice, [counts, state], () => ["", ...kStates].map((name) => button([name ? jobState(name) : t("all"),
      h("span", { class: "quiet" }, ` ${number(name ? counts[name] : Object.values(counts).reduce((a, b) => a + b, 0))}`)],
    () => choose(name), { "aria-pressed": String(state === name), "data-key": name || "all" })));
    redraw(list, jobs, () => (jobs.length === 0 ? h("p", { class: "empty" }, t("noJobs"))
      : table(t("jobs"), ["№", t("kind"), t("subject"), t("destination"), t("state"), t("attempts"), t("changed"), t("actions")],
        jobs.map((job) => row(job, act)))));
  }
  every(kLookMs, load, signal);
  return { ready: load() };
}
