// Sends a study to a remote AE, and shows how far the job is.
import { button, every, h, setText } from "./dom.js";
import { get, send } from "./api.js";
import { instant, number } from "./format.js";
import { dialog } from "./dialog.js";
import { canCancel, canRetry, jobState } from "./jobs.js";
import { t } from "./texts.js";

const kLookMs = 700;

function follow(id, box, signal) {
  const progress = h("progress", { "aria-label": t("send") });
  const line = h("p", { role: "status" }, jobState("waiting"));
  const problem = h("p", { class: "problem-text", role: "alert" });
  const act = async (verb) => {
    try {
      await send("POST", `/api/jobs/${id}/${verb}`);
      setText(problem, "");
      await look();
    } catch (error) {
      setText(problem, error.message);
    }
  };
  const verbs = { retry: button(t("retry"), () => act("retry")), cancel: button(t("cancel"), () => act("cancel")) };
  box.replaceChildren(line, progress, problem,
    h("div", { class: "buttons" }, Object.values(verbs), h("a", { class: "button", href: "#/jobs" }, t("jobs"))));
  const ended = new AbortController();
  signal.addEventListener("abort", () => ended.abort());
  async function look() {
    const job = await get(`/api/jobs/${id}`, { signal: ended.signal });
    const { done, total } = job.progress;
    progress.max = total || 1;
    if (total) progress.value = done;
    const waits = job.state === "waiting" && job.attempts > 0;
    // Why the last try failed is of no interest while the next one runs.
    setText(line, [jobState(job.state), total ? `${number(done)} / ${number(total)}` : "",
      job.state !== "running" && job.state !== "done" ? job.error : "",
      waits && job.due ? t("nextTry", { time: instant(job.due) }) : ""].filter(Boolean).join(" · "));
    verbs.retry.hidden = !canRetry(job) || (job.state === "waiting" && !waits);
    verbs.cancel.hidden = !canCancel(job);
    if (job.state !== "done") return;
    progress.max = progress.value = 1;
    ended.abort();
  }
  look().catch(() => {});
  every(kLookMs, look, ended.signal);
}

export async function sendDialog(what) {
  const box = h("div", null, h("p", null, t("loading")));
  const { signal } = dialog(t("send"), box);
  try {
    const aes = await get("/api/remote-aes", { signal });
    if (aes.length === 0) {
      box.replaceChildren(h("p", null, t("noAes"), " ", h("a", { href: "#/aes" }, t("addAe"))));
      return;
    }
    const choice = h("select", { id: "destination" }, aes.map((ae) =>
      h("option", { value: ae.ae_title }, `${ae.ae_title} (${ae.host}:${ae.port})`)));
    const problem = h("p", { class: "problem-text", role: "alert" });
    box.replaceChildren(h("form", { class: "form", onsubmit: async (event) => {
      event.preventDefault();
      try {
        const { job } = await send("POST", "/api/send", { destination: choice.value, ...what });
        follow(job, box, signal);
      } catch (error) {
        setText(problem, error.message);
      }
    } }, h("label", { for: "destination" }, t("destination")), choice, h("button", { class: "primary" }, t("send")), problem));
    choice.focus();
  } catch (error) {
    if (!signal.aborted) box.replaceChildren(h("p", { class: "problem-text" }, error.message));
  }
}
