// The frame of the page: where we are, who we are, whether the server answers.
import { announce, button, h, setText } from "./dom.js";
import { connection, isAway, learnWho, may, send, stayWhile, who } from "./api.js";
import { listen, overlay } from "./keys.js";
import { latest, status, watch } from "./status.js";
import { language, setLanguage, t } from "./texts.js";
import { sender } from "./sender.js";
import { takeDrops } from "./upload.js";
import * as studies from "./studies.js";

const kViews = {
  studies: async () => studies, study: () => import("./study.js"), instance: () => import("./instance.js"),
  upload: () => import("./upload.js"), worklist: () => import("./worklist.js"), steps: () => import("./steps.js"),
  conflicts: () => import("./conflicts.js"), overview: () => import("./overview.js"), jobs: () => import("./jobs.js"),
  aes: () => import("./aes.js"), tokens: () => import("./tokens.js"), configuration: () => import("./configuration.js"),
};
const kGroups = [
  ["images", ["studies", "upload"]], ["work", ["worklist", "steps", "conflicts"]],
  ["server", ["overview", "jobs", "aes", "tokens", "configuration"]],
];
// Views that need more than a viewer's.
const kRoles = { upload: "uploader", tokens: "administrator", configuration: "administrator" };
const roleOf = (view) => kRoles[view] ?? "viewer";

const element = (id) => document.getElementById(id);
let current, leaving = new AbortController();

function route() {
  const [address, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...path] = address.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  const view = name === "study" && path.length === 3 ? "instance" : name || "studies";
  return { view: Object.hasOwn(kViews, view) ? view : "studies", path, query: new URLSearchParams(query) };
}

/** The view of the navigation that the address belongs to. */
function navView() {
  const { view } = route();
  return view === "study" || view === "instance" ? "studies" : view;
}

function markNav() {
  for (const link of element("nav").querySelectorAll("a")) {
    if (link.dataset.view === navView()) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function failed(root, error) {
  root.replaceChildren(h("div", { class: "notice problem", role: "alert" }, h("p", null, error.message),
    button(t("tryAgain"), go)));
  current = { failed: true, up: "#/studies" };
}

/** Shows the view of the address. */
async function go() {
  const { view, path, query } = route();
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const root = h("div", { class: `view view-${view}` });
  markNav();
  document.body.classList.remove("nav-open");
  current = undefined;
  if (!may(roleOf(view))) {
    element("main").replaceChildren(root);
    failed(root, new Error(t("forbidden")));
    return;
  }
  try {
    const module = await kViews[view]();
    if (signal.aborted) return;
    document.title = `${t(navView())} · PACS System`;
    element("main").replaceChildren(root);
    scrollTo(0, 0);
    current = module.show({ root, path, query, signal });
    await current.ready;
  } catch (error) {
    if (!signal.aborted) failed(root.isConnected ? root : element("main"), error);
  }
}

/** The focus follows to a new view, so that the keyboard and screen readers are there. */
async function navigated() {
  await go();
  const heading = element("main").querySelector("h1");
  if (!heading || element("main").contains(document.activeElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function showNav() {
  const link = (view) => h("a", { href: `#/${view}`, "data-view": view }, t(view),
    view === "upload" ? h("span", { id: "upload-state", class: "badge", hidden: true }) : null);
  element("nav").replaceChildren(...kGroups.map(([group, views]) => h("div", { class: "group" },
    h("p", { class: "group-name", id: `group-${group}` }, t(group === "server" ? "serverGroup" : group)),
    h("ul", { "aria-labelledby": `group-${group}` }, views.filter((view) => may(roleOf(view))).map((view) => h("li", null, link(view)))))));
}

function showTools() {
  const other = language() === "ko" ? ["en", "English"] : ["ko", "한국어"];
  const me = who();
  element("tools").replaceChildren(...[
    me.name ? h("p", { class: "who" }, h("bdi", null, me.name), h("span", { class: "quiet block" }, t(me.role))) : null,
    button(other[1], () => {
      setLanguage(other[0]);
      frame();
      go();
      element("language").focus();
    }, { id: "language", lang: other[0] }),
    button(t("keyboard"), overlay, { id: "keys" }),
    me.name.startsWith("token") ? button(t("logOut"), async () => {
      await send("POST", "/logout").catch(() => {});
      location.assign("/login");
    }) : null].filter(Boolean));
}

function showState() {
  const now = latest();
  const state = isAway() ? "problem" : !now ? "wait" : now.ready ? "ready" : "problem";
  element("state").dataset.state = state;
  setText(element("state-text"), t(isAway() ? "noAnswer" : !now ? "connecting" : now.ready ? "ready" : "notReady"));
  element("away").hidden = !isAway();
  setText(element("away"), isAway() ? t("awayNotice") : "");
  const bad = (!isAway() && now?.checks.filter((check) => !check.ok)) || [];
  element("problems").hidden = bad.length === 0;
  const text = bad.map((check) => `${check.name}: ${check.detail ?? ""}`).join(" · ");
  setText(element("problems"), bad.length ? `${t("notAccepting")} ${text}` : "");
}

/** All texts of the frame, in the language chosen. */
function frame() {
  document.documentElement.lang = language();
  setText(element("skip"), t("skip"));
  element("nav").setAttribute("aria-label", t("views"));
  element("menu").setAttribute("aria-label", t("menu"));
  element("tools").setAttribute("aria-label", t("thisPage"));
  document.body.dataset.drop = t("dropAnywhere");
  showNav();
  markNav();
  showTools();
  showState();
}

async function showWhatMayBe() {
  await learnWho();
  frame();
}

function showUpload() {
  const badge = element("upload-state");
  if (!badge) return;
  badge.hidden = !sender.isBusy;
  setText(badge, sender.bytes ? `${Math.floor((100 * sender.sentBytes) / sender.bytes)} %` : "…");
}

element("menu").addEventListener("click", () => {
  const open = document.body.classList.toggle("nav-open");
  element("menu").setAttribute("aria-expanded", String(open));
});
addEventListener("hashchange", navigated);
connection.addEventListener("away", () => {
  showState();
  announce(t("away"));
});
connection.addEventListener("back", () => {
  watchAgain();
  announce(t("serverBack"));
  if (current?.failed) go();
  else current?.back?.();
});
const watchAgain = async () => {
  await showWhatMayBe();
  showState();
};
status.addEventListener("change", showState);
setInterval(showUpload, 500);
takeDrops();
stayWhile(() => sender.isBusy);
listen(() => current);
element("skip").addEventListener("click", (event) => {
  event.preventDefault();  // the address is the view's
  element("main").focus();
});
frame();
watch();
showWhatMayBe().then(go);
// So that every view is there when the server is not.
setTimeout(() => Object.values(kViews).forEach((load) => load().catch(() => {})), 1500);
