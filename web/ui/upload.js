// Upload: files, folders and zips, dropped anywhere on the page or chosen; how far it is, and what was refused.
import { announce, button, h, setText } from "./dom.js";
import { get, may } from "./api.js";
import { chosen, dropped } from "./files.js";
import { bytes, date, duration, number, shortened, text, visible } from "./format.js";
import { sender } from "./sender.js";
import { t } from "./texts.js";

const kShowMs = 200;
const kRefusedShown = 200;
const kStudiesShown = 20;

function begin(walk) {
  location.hash = "#/upload";
  sender.add(walk);
}

/** Two buttons that choose files and folders. */
export function filesInput() {
  const input = (label, attributes) => {
    const field = h("input", { type: "file", class: "hidden", multiple: true, tabindex: -1, "aria-hidden": "true",
      ...attributes, onchange: () => {
        const files = [...field.files];
        field.value = "";
        if (files.length) begin(chosen(files));
      } });
    return [field, button(label, () => field.click(), { class: attributes.class ?? "" })];
  };
  return h("div", { class: "buttons" },
    input(t("chooseFiles"), { "data-choose": "files" }), input(t("chooseFolder"), { "data-choose": "folder", webkitdirectory: true }));
}

/** Takes what is dropped on any part of the page. */
export function takeDrops() {
  const holdsFiles = (event) => [...event.dataTransfer.types].includes("Files");
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("dropping", depth > 0 && may("uploader"));
  };
  addEventListener("dragenter", (event) => holdsFiles(event) && mark(1));
  addEventListener("dragleave", (event) => holdsFiles(event) && mark(-1));
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = may("uploader") ? "copy" : "none";
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    mark(-depth);
    if (!may("uploader")) return;
    const holds = holdsFiles(event) && event.dataTransfer.items.length > 0;
    if (holds) begin(dropped(event.dataTransfer));
    else announce(t("droppedNothing"));
  });
  addEventListener("beforeunload", (event) => sender.isBusy && event.preventDefault());
}

function refusedList() {
  const { refused, refusals } = sender;
  const groups = new Map();
  for (const { name, why } of refused.slice(0, kRefusedShown)) {
    if (!groups.has(why)) groups.set(why, []);
    groups.get(why).push(name);
  }
  const copy = async (event) => {
    await navigator.clipboard.writeText(refused.map(({ name, why }) => `${name}\t${why}`).join("\n"));
    setText(event.target, t("copied"));
  };
  return [h("h2", { id: "refused-count" }, t("refusedFiles", { n: refusals })),
    ...[...groups].map(([why, names]) => h("details", { class: "refused", open: true },
      h("summary", null, why, " ", h("span", { class: "quiet" }, number(names.length))),
      h("ul", null, names.map((name) => h("li", null, h("bdi", null, visible(name))))))),
    refusals > kRefusedShown ? h("p", { class: "quiet" }, t("andMore", { n: refusals - kRefusedShown })) : null,
    navigator.clipboard ? button(t("copyList"), copy) : null];
}

function summary() {
  const { files, stored, kept, refusals, waiting, state } = sender;
  if (state === "cancelled") return t("uploadCancelled", { stored, waiting });
  if (files === 0) return sender.isBusy ? t("readingFiles") : t("droppedNothing");
  if (state !== "done") return t("uploading", { done: files - waiting, files });
  if (refusals === 0 && kept === 0) return t("allStored", { n: stored });
  return [stored ? t("someStored", { n: stored }) : t("noneStored"), kept && t("someKept", { n: kept }),
    refusals && t("someRefused", { n: refusals })].filter(Boolean).join(" ");
}

function trouble() {
  const what = { lost: "uploadLost", busy: "uploadBusy", login: "uploadLogin", forbidden: "uploadForbidden" }[sender.state];
  return what ? h("div", { class: "notice problem", role: "alert" }, h("p", null, t(what), " ", sender.why),
    h("div", { class: "buttons" }, button(t("tryNow"), () => sender.again()),
      sender.state === "login" ? h("a", { href: "/login", target: "_blank", rel: "noopener" }, t("logInThere")) : null)) : null;
}

function rate() {
  const seconds = (performance.now() - sender.began) / 1000;
  if (sender.state !== "sending" || seconds < 2) return "";
  const perSecond = sender.sentBytes / seconds;
  const left = perSecond ? (sender.bytes - sender.sentBytes) / perSecond : 0;
  return `${bytes(perSecond)}/s${left >= 1 ? ` · ${t("left", { time: duration(left) })}` : ""}`;
}

export function show({ root, signal }) {
  const line = h("p", { class: "big", role: "status" });
  const progress = h("progress", { max: 1, value: 0, "aria-label": t("upload") });
  const detail = h("p", { class: "quiet" });
  const problems = h("div"), lists = h("div"), links = h("div");
  const actions = h("div", { class: "buttons" });
  const box = h("section", { class: "card", hidden: true, "aria-label": t("upload") }, line, progress, detail, problems, actions);
  root.append(h("h1", null, t("upload")), h("div", { class: "drop" }, h("p", { class: "big" }, t("dropHere")),
    h("p", { class: "quiet" }, t("dropHint")), filesInput()), box, links, lists);
  const drawn = {};
  const changed = (name, value) => drawn[name] !== value && ((drawn[name] = value), true);
  const draw = () => {
    box.hidden = sender.state === "idle";
    if (box.hidden) return;
    const { began, files, stored, kept, refusals, state } = sender;
    setText(line, summary());
    progress.hidden = state === "done" || state === "cancelled";
    progress.value = sender.bytes ? sender.sentBytes / sender.bytes : 0;
    setText(detail, [t("counts", { stored, kept, refused: refusals }),
      `${bytes(sender.sentBytes)} / ${bytes(sender.bytes)}`, rate()].filter(Boolean).join(" · "));
    const busy = sender.isBusy;
    if (changed("trouble", `${state} ${sender.why}`)) problems.replaceChildren(...[trouble()].filter(Boolean));
    if (changed("busy", busy)) {
      actions.replaceChildren(...(busy ? [button(t("cancel"), () => sender.cancel())] : []));
    }
    // The list is drawn while it grows, and once more at the end.
    if (changed("refused", `${began} ${Math.min(refusals, kRefusedShown)} ${busy}`)) {
      lists.replaceChildren(...(refusals ? refusedList() : []).filter(Boolean));
    } else if (changed("refusals", refusals) && refusals) {
      setText(document.getElementById("refused-count"), t("refusedFiles", { n: refusals }));
    }
    if (changed("studies", `${began} ${sender.studies.size} ${busy} ${files}`)) links.replaceChildren(...(busy ? [] : storedStudies()));
  };
  let timer;
  sender.addEventListener("change", () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
    }, kShowMs);
  }, { signal });
  draw();
  return { back: () => sender.again() };
}

/** Links to the studies of this upload; what they are called comes a moment later. */
function storedStudies() {
  const uids = [...sender.studies].slice(0, kStudiesShown);
  if (uids.length === 0) return [];
  const links = new Map(uids.map((uid) => [uid, h("a", { class: "row-link", href: `#/study/${uid}` }, uid)]));
  const asked = new URLSearchParams({ StudyInstanceUID: uids.join(","), includefield: "StudyDescription" });
  get(`/dicomweb/studies?${asked}`, { accept: "application/dicom+json" }).then((rows) => {
    for (const row of rows) {
      const words = [text(row, "00100010") || t("noName"), date(text(row, "00080020")), text(row, "00081030")];
      links.get(text(row, "0020000D"))?.replaceChildren(h("bdi", null, shortened(words.filter(Boolean).join(" · "))));
    }
  }).catch(() => {});
  return [h("h2", null, t("storedStudies")), h("ul", { class: "links" }, [...links.values()].map((link) => h("li", null, link))),
    sender.studies.size > uids.length ? h("p", null, h("a", { href: "#/studies" }, t("andOthers"))) : null].filter(Boolean);
}
