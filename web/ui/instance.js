// An instance: its picture and all its attributes, which can be searched and copied.
import { announce, button, h, setText } from "./dom.js";
import { get } from "./api.js";
import { date, named, number, personNames, visible } from "./format.js";
import { picture } from "./study.js";
import { t } from "./texts.js";

const kValueMax = 2000;  // characters shown of one value; what is copied is whole
const kRowsMax = 3000;   // shown at once

let keywords;
/** {tag: [keyword, VR, name]}, the server's dictionary (PS3.6). */
function dictionary() {
  keywords ??= fetch("/api/attributes").then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}));
  return keywords;
}

function keywordOf(tag, known) {
  // Repeating groups: 50xx, 60xx, 7Fxx (PS3.5 §7.6).
  const entry = known[tag] ?? known[`${tag.slice(0, 2)}xx${tag.slice(4)}`];
  if (entry) return entry[0];
  return parseInt(tag.slice(3, 4), 16) % 2 ? t("private") : "";
}

function valueOf(element) {
  if (element.BulkDataURI) return t("elsewhere");
  if (element.InlineBinary) return element.InlineBinary;
  return (element.Value ?? []).map((value) => (element.vr === "PN" ? personNames(value)
    : element.vr === "DA" ? date(String(value)) : typeof value === "object" ? JSON.stringify(value) : String(value ?? "")))
    .join("\\");
}

/** A keyword that may be broken between its words. */
const breakable = (keyword) => keyword.split(/(?<=[a-z])(?=[A-Z])/).flatMap((word, at) => (at ? [h("wbr"), word] : [word]));

/** Attributes and those of sequence items below them: [{tag, vr, keyword, depth, value}]. */
function* flat(dataSet, known, depth = 0) {
  for (const [tag, element] of Object.entries(dataSet)) {
    const isSequence = element.vr === "SQ";
    const items = isSequence ? element.Value ?? [] : [];
    yield { tag, vr: element.vr, keyword: keywordOf(tag, known), depth,
      value: isSequence ? t("items", { n: items.length }) : valueOf(element), bulk: element.BulkDataURI };
    for (const [at, item] of items.entries()) {
      yield { tag: "", vr: "", keyword: t("itemNumber", { n: at + 1 }), depth: depth + 1, value: "" };
      yield* flat(item ?? {}, known, depth + 2);
    }
  }
}

const shownTag = (tag) => (tag ? `(${tag.slice(0, 4)},${tag.slice(4)})` : "");

function attributeRow(row) {
  const value = visible(row.value);
  const copy = button(t("copy"), async () => {
    await navigator.clipboard.writeText(row.value);
    setText(copy, t("copied"));
    announce(t("copied"));
    setTimeout(() => setText(copy, t("copy")), 1500);
  }, { class: "small", "aria-label": `${t("copy")} ${row.keyword || row.tag}` });
  return h("tr", { class: row.tag ? null : "item" }, h("td", { class: "tagnumber" }, h("code", null, shownTag(row.tag))),
    h("td", null, h("code", { class: "quiet" }, row.vr)),
    h("th", { scope: "row", class: `depth depth-${Math.min(row.depth, 8)}` }, breakable(row.keyword || "–")),
    h("td", { class: "value" }, h("bdi", null, value.length > kValueMax ? `${value.slice(0, kValueMax)}…` : value)),
    h("td", null, row.value && row.tag && navigator.clipboard ? copy : null));
}

function attributeTable(rows) {
  const body = h("tbody");
  const count = h("p", { class: "quiet", role: "status" });
  const filter = h("input", { type: "search", id: "search", placeholder: t("findAttribute"), "aria-label": t("findAttribute"),
    autocomplete: "off", spellcheck: "false" });
  const draw = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fit = rows.filter((row) => words.every((word) => row.search.includes(word)));
    body.replaceChildren(...fit.slice(0, kRowsMax).map((row) => (row.element ??= attributeRow(row))));
    setText(count, fit.length > kRowsMax ? t("someOf", { n: kRowsMax, total: fit.length }) : t("attributesFound", { n: fit.length }));
  };
  filter.addEventListener("input", draw);
  draw();
  return [h("search", { class: "searchbar" }, filter), count,
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("attributes") }, h("table", { class: "attributes" },
      h("caption", { class: "hidden" }, t("attributes")),
      h("thead", null, h("tr", null, ["tag", "vr", "name", "value"].map((head) => h("th", { scope: "col" }, t(head))), h("td"))), body))];
}

/** The picture, with a slider when there are several frames. */
function frames(address, dataSet) {
  const count = Number(dataSet["00280008"]?.Value?.[0] ?? 1);
  const source = (frame) => `${address}/frames/${frame}/rendered?viewport=512,512`;
  const label = (frame) => (count > 1 ? t("frameOf", { n: frame, total: count }) : t("image"));
  const place = h("div", null, picture(count > 1 ? source(1) : `${address}/rendered?viewport=512,512`, label(1), "large"));
  if (count <= 1) return place;
  const said = h("output", null, label(1));
  let timer;
  const slider = h("input", { type: "range", min: 1, max: count, value: 1, "aria-label": t("frame"), oninput: () => {
    setText(said, label(slider.value));
    clearTimeout(timer);
    timer = setTimeout(() => place.replaceChildren(picture(source(slider.value), label(slider.value), "large")), 60);
  } });
  return h("div", null, place, h("p", { class: "frames" }, slider, said));
}

async function load({ root, path: [study, series, uid], signal }) {
  const address = `/dicomweb/studies/${study}/series/${series}/instances/${uid}`;
  const [[dataSet], known] = await Promise.all([
    get(`${address}/metadata`, { signal, accept: "application/dicom+json" }), dictionary()]);
  const rows = [...flat(dataSet, known)];
  for (const row of rows) row.search = `${row.tag} ${shownTag(row.tag)} ${row.keyword} ${row.value}`.toLowerCase();
  const name = (dataSet["00100010"]?.Value ?? []).map(personNames).join(" ");
  const title = `${t("image")} ${dataSet["00200013"]?.Value?.[0] ?? ""}`.trim();
  root.replaceChildren(
    h("p", { class: "crumbs" }, h("a", { href: "#/studies" }, t("studies")), " ‹ ",
      h("a", { href: `#/study/${study}` }, h("bdi", null, named(name, "noName")))),
    h("div", { class: "title" }, h("h1", null, title), h("div", { class: "buttons" },
      h("a", { class: "button", href: `${address}?accept=${encodeURIComponent("application/dicom;transfer-syntax=*")}`, download: `${uid}.dcm` },
        t("downloadFile")))),
    h("div", { class: "instance-page" }, frames(address, dataSet), h("div", null, attributeTable(rows))));
  document.title = `${title} · ${name || t("noName")} · PACS System`;
  announce(`${title}, ${number(rows.length)} ${t("attributes")}`);
}

export function show(context) {
  return {
    ready: load(context),
    up: `#/study/${context.path[0]}`,
    keys: { "/": () => document.getElementById("search")?.focus() },
  };
}
