// The list of studies: search as you type, sorting, chosen columns.
import { announce, button, every, h, setText } from "./dom.js";
import { date, number, personNames, shortened, text, time } from "./format.js";
import { t } from "./texts.js";
import { get, hasViewer, may, viewerPath } from "./api.js";
import { Search, sorted, understood } from "./search.js";
import { filesInput } from "./upload.js";

const kTypingMs = 40;      // keys that come quickly one after the other are one question
const kPauseMs = 150;      // a key after such a pause is a question at once
const kRestMs = 350;       // after which what costs more is asked
const kNewStudiesMs = 10000;
const kUid = "0020000D";

// Shown to others than those who want it: the first seven.
const kColumns = [
  { name: "patientName", tag: "00100010", always: true },
  { name: "patientId", tag: "00100020", usual: true },
  { name: "studyDate", tag: "00080020", usual: true },
  { name: "modality", tag: "00080061", usual: true },
  { name: "description", tag: "00081030", usual: true },
  { name: "accession", tag: "00080050", usual: true },
  { name: "birthDate", tag: "00100030" },
  { name: "sex", tag: "00100040" },
  { name: "referring", tag: "00080090" },
  { name: "studyId", tag: "00200010" },
  { name: "seriesCount", tag: "00201206" },
  { name: "instanceCount", tag: "00201208", usual: true },
];
const isCount = (column) => column.tag.startsWith("002012");

function kept(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function chosenColumns() {
  const names = kept("columns", kColumns.filter((column) => column.usual).map((column) => column.name));
  return kColumns.filter((column) => column.always || names.includes(column.name));
}

const modalities = (row) => text(row, "00080061").split("\\").filter(Boolean)
  .map((one) => h("span", { class: "tag" }, shortened(one)));

function content(row, { tag }) {
  if (tag === "00080020") {
    return [date(text(row, tag)), " ", h("span", { class: "quiet" }, time(text(row, "00080030")))];
  }
  if (tag === "00100030") return date(text(row, tag));
  if (tag === "00080061") return modalities(row);
  if (tag.startsWith("002012")) return number(Number(text(row, tag)));
  return shortened(text(row, tag));
}

function nameOf(row) {
  const name = (row["00100010"]?.Value ?? []).map(personNames).join(" ");
  return name ? h("bdi", null, name) : h("span", { class: "quiet" }, t("noName"));
}

function rowOf(row, columns) {
  const [, ...others] = columns;
  const small = [text(row, "00100020"), date(text(row, "00080020")), text(row, "00081030")];
  return h("tr", null,
    h("th", { scope: "row" },
      h("a", { class: "row-link", href: `#/study/${encodeURIComponent(text(row, kUid))}` }, nameOf(row)),
      h("span", { class: "second" }, modalities(row), " ", small.filter(Boolean).map(shortened).join(" · "))),
    others.map((column) => h("td", { class: isCount(column) ? "count" : null }, h("bdi", null, content(row, column)))));
}

class StudyList {
  constructor({ root, query, signal }) {
    Object.assign(this, { root, signal, sort: kept("sort", {}), columns: chosenColumns(), shown: new Map() });
    this.typed = query.get("search") ?? "";
    this.box = h("input", { type: "search", id: "search", value: this.typed, placeholder: t("searchHint"),
      "aria-label": t("searchStudies"), "aria-describedby": "search-state", autocomplete: "off", spellcheck: "false",
      maxlength: 200, oninput: () => this.typing(), onkeydown: (event) => this.boxKey(event) });
    this.state = h("p", { id: "search-state", class: "quiet", role: "status" });
    this.meaning = h("p", { class: "meaning" });
    this.head = h("tr");
    this.body = h("tbody");
    this.moreButton = button(t("more"), () => this.more(), { class: "wide", hidden: true });
    this.below = h("div", { class: "below" });
    this.news = button("", () => this.begin(), { class: "news", hidden: true });
    this.frame = h("div", { class: "scroll list" }, h("table", { class: "studies" },
      h("caption", { class: "hidden" }, t("studies")), h("thead", null, this.head), this.body));
    root.append(
      h("div", { class: "title" }, h("h1", null, t("studies")), this.columnChooser()),
      h("search", { class: "searchbar" }, this.box), h("div", { class: "line" }, this.meaning, this.state, this.news),
      this.frame, this.below, this.moreButton);
    this.showHead();
    this.begin();
    signal.addEventListener("abort", () => clearTimeout(this.timer));
    every(kNewStudiesMs, () => this.look(), signal);
  }

  columnChooser() {
    const choose = (column) => h("label", null, h("input", { type: "checkbox",
      checked: this.columns.includes(column), disabled: column.always, onchange: (event) => {
        const names = new Set(this.columns.map((one) => one.name));
        names[event.target.checked ? "add" : "delete"](column.name);
        localStorage.setItem("columns", JSON.stringify([...names]));
        this.columns = chosenColumns();
        this.showHead();
        this.show(true);
      } }), t(column.name));
    return h("details", { class: "menu" }, h("summary", null, t("columns")),
      h("div", { class: "pop", role: "group", "aria-label": t("columns") }, kColumns.map(choose)));
  }

  showHead() {
    this.head.replaceChildren(...this.columns.map((column) => {
      const here = this.sort.tag === column.tag;
      return h("th", { scope: "col", class: `col-${column.name}${isCount(column) ? " count" : ""}`,
        "aria-sort": here ? (this.sort.down ? "descending" : "ascending") : null },
      button([t(column.name), h("span", { class: "arrow", "aria-hidden": "true" },
        here ? (this.sort.down ? "▾" : "▴") : "")], () => this.sortBy(column), { class: "head" }));
    }));
  }

  /** Up, down, and back to the order in which they come. */
  sortBy({ tag }) {
    this.sort = this.sort.tag !== tag ? { tag, down: tag === "00080020" }
      : this.sort.down === (tag === "00080020") ? { tag, down: !this.sort.down } : {};
    localStorage.setItem("sort", JSON.stringify(this.sort));
    const at = [...this.head.children].findIndex((head) => head.contains(document.activeElement));
    this.showHead();
    this.head.children[at]?.querySelector("button").focus();
    if (this.search.ended) this.show();
    else this.begin();
  }

  typing() {
    clearTimeout(this.timer);
    this.opens = false;
    const paused = performance.now() - (this.keyAt ?? -Infinity) > kPauseMs;
    this.keyAt = performance.now();
    this.timer = setTimeout(() => {
      const typed = this.box.value;
      if (typed === this.typed) return;
      this.typed = typed;
      history.replaceState(null, "", typed.trim() ? `#/studies?search=${encodeURIComponent(typed)}` : "#/studies");
      this.begin();
    }, paused ? 0 : kTypingMs);
  }

  boxKey(event) {
    const link = this.body.querySelector(".row-link");
    // The rows may still be those of what stood in the box before.
    const isNow = this.box.value === this.typed && !this.isNew;
    if (event.key === "ArrowDown" && link && isNow) {
      event.preventDefault();
      link.focus();
    } else if (event.key === "Enter") {
      this.opens = true;
      if (isNow) this.openOnly();
    } else if (event.key === "Escape" && this.box.value) {
      event.stopPropagation();
      this.box.value = "";
      this.typing();
    }
  }

  /** Enter was pressed: the study opens if it is the only one. */
  openOnly() {
    if (this.opens && this.body.children.length === 1) location.hash = this.body.querySelector(".row-link").hash;
    this.opens = false;
  }

  /** A new search; one that is still under way is given up. */
  async begin() {
    this.ask?.abort();
    this.ask = new AbortController();
    this.signal.addEventListener("abort", () => this.ask.abort(), { once: true });
    const search = new Search(this.typed, this.sort);
    this.search = search;
    this.isNew = true;
    this.news.hidden = true;
    this.frame.setAttribute("aria-busy", "true");
    this.showMeaning();
    await this.read(search);
    if (search.sources.some((source) => source.late) && this.search === search) {
      await new Promise((done) => setTimeout(done, kRestMs));
      if (this.search === search && !this.ask.signal.aborted) await this.read(search, true);
    }
  }

  async read(search, late = false) {
    const { signal } = this.ask;
    try {
      await search.more(signal, () => this.search === search && this.show(), late);
      if (this.search === search) this.finished();
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    }
  }

  /** Opens the study of a row in the viewer. */
  async view(link) {
    if (link.matches(".row-link") && await hasViewer()) location.assign(viewerPath(link.hash.split("/")[2]));
  }

  async more() {
    this.moreButton.disabled = true;
    const before = this.body.children.length;
    await this.read(this.search);
    await this.read(this.search, true);
    this.moreButton.disabled = false;
    if (!this.sort.tag) this.body.children[before]?.querySelector("a").focus();
  }

  showMeaning() {
    const { days, modalities: kinds } = understood(this.typed);
    const chips = [...days.map(([from, to]) => (from === to ? date(from) : `${date(from)} – ${date(to)}`)),
      ...kinds.map((kind) => `${t("modality")} ${kind}`)];
    this.meaning.replaceChildren(...chips.map((chip) => h("span", { class: "chip" }, chip)));
  }

  /** Rows stay the elements they are as long as their study does not change. */
  show(anew = false) {
    const { search } = this;
    const rows = search.isAll && !this.sort.tag ? [...search.rows.values()] : sorted([...search.rows.values()], this.sort);
    if (this.isNew && rows.length === 0) return;
    if (this.isNew || anew) this.shown.clear();
    this.isNew = false;
    const elements = rows.map((row) => {
      const uid = text(row, kUid);
      if (!this.shown.has(uid)) this.shown.set(uid, rowOf(row, this.columns));
      return this.shown.get(uid);
    });
    const focused = this.body.contains(document.activeElement) ? document.activeElement.hash : null;
    this.body.replaceChildren(...elements);
    this.body.dataset.search = this.typed;
    if (focused) [...this.body.querySelectorAll(".row-link")].find((link) => link.hash === focused)?.focus();
    this.below.replaceChildren();
    this.frame.hidden = false;
  }

  finished() {
    const { search } = this;
    this.frame.removeAttribute("aria-busy");
    const count = search.rows.size;
    this.moreButton.hidden = search.ended;
    if (count === 0) {
      this.body.replaceChildren();
      this.frame.hidden = true;
      setText(this.state, "");
      this.below.replaceChildren(this.typed.trim() ? this.nothing() : emptyArchive());
      announce(t(this.typed.trim() ? "nothingFound" : "noStudies"));
      return;
    }
    this.show();
    this.openOnly();
    const total = search.total;
    const state = search.ended ? t("studiesFound", { n: count })
      : total ? t("someOf", { n: count, total }) : t("firstOnes", { n: count });
    const sortsAll = search.order && search.sources.length === 1;
    setText(this.state, this.sort.tag && !sortsAll && !search.ended ? `${state} ${t("sortedLoaded")}` : state);
  }

  nothing() {
    const late = this.search.sources.some((source) => source.late && !source.ended);
    return h("p", { class: "empty" }, t(late ? "searching" : "nothingFound"), " ", late ? null : t("searchHelp"));
  }

  failed(error) {
    this.frame.removeAttribute("aria-busy");
    if (this.isNew) {  // the rows are another search's
      this.body.replaceChildren();
      this.frame.hidden = this.moreButton.hidden = true;
      setText(this.state, "");
    }
    this.below.replaceChildren(h("div", { class: "notice problem", role: "alert" }, h("p", null, error.message),
      button(t("tryAgain"), () => this.begin())));
  }

  back() {
    if (this.below.querySelector(".problem")) this.begin();
  }

  /** Says that there are new ones; they are shown at once when nothing is shown yet. */
  async look() {
    const { search } = this;
    if (!search.isAll || this.below.querySelector(".problem")) return;
    const { counts } = await get("/api/status", { signal: this.signal });
    if (!counts || search !== this.search || search.total === null) return;
    const more = counts.studies - (search.sources[0].total ?? 0);
    if (more > 0 && search.rows.size === 0) this.begin();
    this.news.hidden = more <= 0;
    if (more > 0) setText(this.news, t("newStudies", { n: more }));
  }
}

function emptyArchive() {
  return h("div", { class: "empty" }, h("h2", null, t("noStudies")), h("p", null, t("noStudiesHint")),
    may("uploader") ? filesInput() : null,
    h("p", null, h("a", { href: "#/overview" }, t("connectModality"))));
}

export function show(context) {
  const list = new StudyList(context);
  return {
    back: () => list.back(),
    keys: { "/": () => { list.box.focus(); list.box.select(); }, o: () => list.view(document.activeElement) },
    rows: () => [...list.body.querySelectorAll(".row-link")],
  };
}
