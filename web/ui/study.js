// A study: what it is, its series, and their instances as small pictures.
import { announce, button, facts, h } from "./dom.js";
import { ask, get, hasViewer, may, viewerPath } from "./api.js";
import { date, named, number, personNames, shortened, text, time } from "./format.js";
import { sendDialog } from "./send.js";
import { t } from "./texts.js";

const kSeriesShown = 50;     // at once; more at the press of a button
const kInstancesShown = 60;
const kAsked = 1000;         // at once; these are put in order
const kPriorsMax = 50;
const kDicomJson = "application/dicom+json";

const path = (...parts) => ["/dicomweb", ...parts.flat()].join("/");
const number_of = (row, tag) => Number(text(row, tag) || 0);

/** A small picture, or in its place why there is none. */
export function picture(source, label, size = "thumbnail") {
  const place = h("span", { class: "picture" });
  const image = h("img", { src: source, alt: label, loading: "lazy", decoding: "async", class: size });
  image.addEventListener("error", async () => {
    const why = h("span", { class: "why", role: "img", "aria-label": `${label}: ${t("noPicture")}` }, t("noPicture"));
    place.replaceChildren(why);
    try {
      await ask(source);
    } catch (error) {
      why.textContent = error.status === 404 ? t("noPixels") : shortened(error.message);
      why.setAttribute("aria-label", `${label}: ${why.textContent}`);
    }
  });
  place.append(image);
  return place;
}

async function page(address, offset, limit, signal) {
  const response = await ask(`${address}?limit=${limit}&offset=${offset}&includefield=StudyDescription,BodyPartExamined`,
    { signal, accept: kDicomJson });
  return response.json();
}

const byNumber = (tag) => (a, b) => number_of(a, tag) - number_of(b, tag);

/** Rows below each other in the order of a number, with a button for more of them. */
function pages({ address, shown, tag, make, into, signal }) {
  let offset = 0, ended = false, waiting = [];
  const more = button(t("more"), () => next(true), { class: "wide", hidden: true });
  into.after(more);
  async function next(focus) {
    more.disabled = true;
    try {
      if (waiting.length < shown && !ended) {
        const rows = await page(address, offset, kAsked, signal);
        offset += rows.length;
        ended = rows.length < kAsked;
        waiting.push(...rows.sort(byNumber(tag)));
      }
      const made = waiting.splice(0, shown).map(make);
      into.append(...made);
      if (focus) made[0]?.querySelector("a, button, summary")?.focus();
      more.hidden = ended && waiting.length === 0;
      if (offset === 0) into.append(h("p", { class: "empty" }, t("nothingHere")));
    } catch (error) {
      if (signal.aborted) return;
      more.hidden = false;
      announce(error.message);
      into.append(h("p", { class: "problem-text" }, error.message));
    }
    more.disabled = false;
  }
  return next();
}

class StudyPage {
  constructor({ root, uid, signal }) {
    Object.assign(this, { root, uid, signal });
  }

  async load() {
    const rows = !this.uid ? [] : await get(`/dicomweb/studies?StudyInstanceUID=${encodeURIComponent(this.uid)}&includefield=all`,
      { signal: this.signal, accept: kDicomJson });
    if (rows.length === 0) {
      this.root.replaceChildren(h("h1", null, t("study")), h("p", { class: "empty" }, t("noStudyHere")));
      return;
    }
    this.show(rows[0]);
  }

  show(study) {
    const name = (study["00100010"]?.Value ?? []).map(personNames).join(" ");
    const series = h("div", { class: "series-list" });
    this.actions = h("div", { class: "buttons" });
    this.root.replaceChildren(
      h("p", { class: "crumbs" }, h("a", { href: "#/studies", "data-back": true }, `‹ ${t("studies")}`)),
      h("div", { class: "title" }, h("h1", null, h("bdi", null, named(name, "noName"))), this.actions),
      this.facts(study), h("h2", null, t("seriesOf", { n: number_of(study, "00201206") })), series);
    this.showActions(study);
    this.showPriors(text(study, "00100020")).catch(() => {});
    document.title = `${name || t("noName")} · PACS System`;
    let first = true;
    pages({ address: path("studies", this.uid, "series"), shown: kSeriesShown, tag: "00200011", into: series,
      signal: this.signal, make: (row) => {
        const made = this.seriesRow(row, first);
        first = false;
        return made;
      } });
  }

  facts(study) {
    const value = (tag) => (text(study, tag) ? h("bdi", null, shortened(text(study, tag))) : "");
    const when = [date(text(study, "00080020")), time(text(study, "00080030"))].filter(Boolean).join(" ");
    return facts([[t("patientId"), value("00100020")], [t("birthDate"), date(text(study, "00100030"))],
      [t("sex"), value("00100040")], [t("studyDate"), when], [t("description"), value("00081030")],
      [t("modality"), value("00080061")], [t("accession"), value("00080050")], [t("referring"), value("00080090")],
      [t("instances"), number(number_of(study, "00201208"))], ["Study Instance UID", h("code", null, this.uid)]],
    { class: "facts card" });
  }

  async showActions(study) {
    const link = (label, href, attributes) => h("a", { class: "button", href, ...attributes }, label);
    this.actions.append(link(t("download"), `${path("studies", this.uid)}?accept=application/zip`, { download: "" }));
    const viewer = await hasViewer();
    if (may("administrator")) this.actions.append(button(t("send"), () => sendDialog({ study: this.uid })));
    if (viewer) {
      this.actions.prepend(link(t("openViewer"), viewerPath(this.uid), { class: "button primary", "data-viewer": true }));
    } else {
      this.actions.parentElement.after(h("p", { class: "quiet small" }, t("noViewer"), " ", h("code", null, "scripts/dependency.sh viewer")));
    }
    this.study = study;
  }

  /** Other studies under the same Patient ID, to be opened beside this one. */
  async showPriors(id) {
    if (!id || /[*?\\]/.test(id)) return;
    const asked = new URLSearchParams({ PatientID: id, includefield: "StudyDescription", limit: kPriorsMax });
    const rows = await get(`/dicomweb/studies?${asked}`, { signal: this.signal, accept: kDicomJson });
    const others = rows.filter((row) => text(row, "0020000D") !== this.uid)
      .sort((a, b) => (text(a, "00080020") < text(b, "00080020") ? 1 : -1));
    if (others.length === 0) return;
    const viewer = await hasViewer();
    this.root.append(h("h2", null, t("priors")), h("ul", { class: "priors card" }, others.map((row) => {
      const uid = text(row, "0020000D");
      const words = [date(text(row, "00080020")), text(row, "00080061"), text(row, "00081030")].filter(Boolean);
      return h("li", null, h("a", { class: "row-link", href: `#/study/${uid}` }, h("bdi", null, shortened(words.join(" · ") || uid))),
        viewer ? h("a", { href: viewerPath(this.uid, uid) }, t("sideBySide")) : null);
    })));
  }

  seriesRow(row, open) {
    const uid = text(row, "0020000E");
    const count = number_of(row, "00201209");
    const grid = h("div", { class: "grid" });
    const title = [text(row, "00200011") && `#${text(row, "00200011")}`, text(row, "0008103E") || t("noDescription")];
    const begin = () => {
      if (grid.dataset.begun) return;
      grid.dataset.begun = true;
      pages({ address: path("studies", this.uid, "series", uid, "instances"), shown: kInstancesShown, tag: "00200013",
        into: grid, signal: this.signal, make: (instance) => this.instance(uid, instance) });
    };
    const details = h("details", { class: "series card", ontoggle: () => details.open && begin(), open },
      h("summary", null, h("span", { class: "tag" }, text(row, "00080060") || "?"),
        h("strong", null, h("bdi", null, shortened(title.filter(Boolean).join(" ")))),
        h("span", { class: "quiet" }, [text(row, "00180015"), t("imagesOf", { n: count })].filter(Boolean).map(shortened).join(" · "))),
      h("p", { class: "series-line" },
        h("a", { href: `${path("studies", this.uid, "series", uid)}?accept=application/zip`, download: "" }, t("downloadSeries")),
        h("code", { class: "quiet" }, uid)),
      h("div", null, grid));
    return details;
  }

  instance(series, row) {
    const uid = text(row, "00080018");
    const frames = number_of(row, "00280008");
    const label = `${t("image")} ${text(row, "00200013") || "?"}`;
    return h("a", { class: "instance row-link", href: `#/study/${this.uid}/${series}/${uid}` },
      picture(`${path("studies", this.uid, "series", series, "instances", uid)}/thumbnail`, label),
      h("span", { class: "label", "aria-hidden": "true" }, text(row, "00200013") || "–",
        frames > 1 ? h("span", { class: "quiet" }, ` ×${number(frames)}`) : null));
  }
}

export function show(context) {
  const page = new StudyPage({ ...context, uid: context.path[0] ?? "" });
  return {
    ready: page.load(),
    up: "#/studies",
    keys: { o: () => document.querySelector("[data-viewer]")?.click() },
    rows: () => [...context.root.querySelectorAll("summary, .row-link")].filter((one) => one.checkVisibility()),
  };
}
