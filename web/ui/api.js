// Requests to the server we come from: what went wrong in words, who must log in, and whether the
// server answers at all.
import { t } from "./texts.js";

/** Why a request failed. `status` 0: the server did not answer. */
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Sends "away" and "back". */
export const connection = new EventTarget();
let away = false;
export const isAway = () => away;

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export async function waitUntilBack() {
  if (!away) {
    away = true;
    connection.dispatchEvent(new Event("away"));
  }
  for (let wait = 500; away; wait = Math.min(wait * 1.5, 5000)) {
    await pause(wait);
    const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
    if (!answer?.ok || !away) continue;
    away = false;
    connection.dispatchEvent(new Event("back"));
  }
}

/** While this is so, the page is not left for the login: an upload would be lost. */
let stays = () => false;
export const stayWhile = (condition) => {
  stays = condition;
};

export function logIn() {
  if (stays()) return;
  location.replace(`/login?next=${encodeURIComponent(location.pathname + location.hash)}`);
}

async function problemOf(response) {
  let detail = "";
  try {
    detail = (await response.json()).detail ?? "";
  } catch { /* not ours: a proxy's page */ }
  const words = { 403: "forbidden", 404: "notFound", 503: "busy" }[response.status];
  return new Problem(response.status,
    [words && t(words), detail || (words ? "" : `HTTP ${response.status}`)].filter(Boolean).join(" "));
}

/** The answer, or a thrown Problem; an abort of the caller's is thrown as it is. */
export async function ask(path, { method = "GET", json, headers, signal, accept } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method, signal, cache: "no-cache",
      headers: { ...(accept && { Accept: accept }),
        ...(method !== "GET" && { "Content-Type": "application/json" }), ...headers },
      body: method === "GET" ? undefined : JSON.stringify(json ?? {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    waitUntilBack();
    throw new Problem(0, t("away"));
  }
  if (response.status === 401) {
    logIn();
    throw new Problem(401, t("loginAgain"));
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** A value as one segment of a path, whatever it holds: "/", "~" and dots are spelled as the server reads them. */
export const segment = (value) => encodeURIComponent(String(value).replaceAll("~", "~0").replaceAll("/", "~1")
  .replace(/^\.\.?$/, (dots) => dots.replace(".", "~2")));

export async function get(path, options) {
  return (await ask(path, options)).json();
}

export async function send(method, path, json, options) {
  const response = await ask(path, { ...options, method, json });
  return response.status === 204 ? null : response.json();
}

/** One question at a time: a new one ends the one before. */
export class Question {
  constructor(signal) {
    this.signal = signal;
    signal.addEventListener("abort", () => this.stop?.abort());
  }

  /** What `act(signal)` gives; nothing when another question has come meanwhile. */
  async ask(act) {
    this.stop?.abort();
    if (this.signal.aborted) return undefined;
    const stop = this.stop = new AbortController();
    try {
      const answer = await act(stop.signal);
      return stop.signal.aborted ? undefined : answer;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      return undefined;
    } finally {
      if (this.stop === stop) this.stop = undefined;
    }
  }

  get isOpen() {
    return this.stop !== undefined;
  }
}

let viewer;
/** Whether the viewer of images is installed beside the server. */
export function hasViewer() {
  viewer ??= fetch("/viewer/app-config.js").catch(() => null).then((answer) => {
    if (!answer || answer.status >= 500) viewer = undefined;  // to be asked again
    return Boolean(answer?.ok) && /javascript/.test(answer.headers.get("Content-Type") ?? "");
  });
  return viewer;
}
export const viewerPath = (...studies) => `/viewer/viewer?StudyInstanceUIDs=${studies.join(",")}`;

const kRoles = ["anybody", "viewer", "uploader", "administrator"];
let me = { name: "", role: "viewer" };

/** Who we are; until the server has said it, a viewer. */
export async function learnWho() {
  const answer = await fetch("/api/me", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) me = await answer.json();
  if (answer?.status === 401 || me.role === "anybody") logIn();
  return me;
}
export const who = () => me;
export const may = (role) => kRoles.indexOf(me.role) >= kRoles.indexOf(role);
