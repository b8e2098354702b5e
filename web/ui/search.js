// What is typed into the one box of the study list, as questions to DICOMweb (PS3.18 §10.6).
//
// 2024, 2024-05, 20240517 are days, CT and MR modalities, everything else is a word that begins a name,
// an ID or an accession number, or stands in a description. "In quotes" it is a word in any case. All
// of them must be true of a study. The server is asked for each place where a word can stand, side by
// side; what else was typed is compared here.
import { ask } from "./api.js";
import { plain } from "./format.js";

const kModalities = new Set(("CT MR US CR DX MG NM PT XA RF OT SC SR ES IO PX OP OCT OPT IVUS IVOCT ECG EPS HD "
  + "BMD GM SM SEG KO PR DOC RTIMAGE RTDOSE RTSTRUCT RTPLAN RTRECORD REG TG VL XC AU").split(" "));
const kPage = 50;
const kWordsMax = 4;  // asked for; the others only narrow
const kStudyDate = "00080020", kStudyTime = "00080030", kUid = "0020000D";

function period(word) {
  const parts = /^(19|20)(\d\d)-?(?:(0[1-9]|1[0-2])-?(?:(0[1-9]|[12]\d|3[01]))?)?$/.exec(word);
  if (!parts) return null;
  const [, century, year, month, day] = parts;
  return [`${century}${year}${month ?? "01"}${day ?? "01"}`, `${century}${year}${month ?? "12"}${day ?? "31"}`];
}

/** {days: [[from, to, word]], modalities: [], words: []} */
export function understood(typed) {
  const asked = { days: [], modalities: [], words: [] };
  for (const [, quoted, bare] of typed.matchAll(/"([^"]*)"?|(\S+)/g)) {
    const word = (quoted ?? bare).trim();
    const days = bare && period(bare);
    if (days) asked.days.push([...days, word]);
    else if (bare && kModalities.has(bare.toUpperCase())) asked.modalities.push(bare.toUpperCase());
    else if (bare) asked.words.push(...bare.split(/[,^]/).filter(Boolean));
    else if (word) asked.words.push(word);
  }
  return asked;
}

// In a value, these would be wildcards or separate values: a "?" stands for any one character.
const literal = (word) => word.replace(/[*?\\]/g, "?").slice(0, 60);

// Names match in any case, other text only as it is spelled (PS3.4 §C.2.2.2.1): IDs are asked for in capitals
// too, words of descriptions in each usual spelling.
const inCapitals = (word) => [...new Set([word, word.toUpperCase()])];
const spelled = (word) => [...new Set([word, word.toLowerCase(), word.toUpperCase(),
  word[0].toUpperCase() + word.slice(1).toLowerCase()])].map((one) => `*${one}*`).join("\\");

/** The questions: sets of keys; those of `late` cost more and are asked when typing rests. */
function questions({ days, modalities, words }) {
  const common = modalities.map((modality) => ["ModalitiesInStudy", modality]);
  if (words.length === 0 && days.length === 1) {
    const [from, to, word] = days[0];
    const asWord = word.replace(/-/g, "") === word
      ? [["PatientID", `${word}*`], ["AccessionNumber", `${word}*`]] : [];
    return [[...common, ["StudyDate", `${from}-${to}`]], ...asWord.map((key) => [...common, key])]
      .map((keys) => ({ keys }));
  }
  if (days.length) {
    const from = days.map((one) => one[0]).reduce((a, b) => (a < b ? a : b));
    const to = days.map((one) => one[1]).reduce((a, b) => (a > b ? a : b));
    common.push(["StudyDate", `${from}-${to}`]);
  }
  if (words.length === 0) return [{ keys: common }];
  return words.slice(0, kWordsMax).map(literal).flatMap((word) => [
    { keys: [...common, ["PatientName", `${word}*`]] },
    ...inCapitals(word).flatMap((begin) => ["PatientID", "AccessionNumber"]
      .map((key) => ({ keys: [...common, [key, `${begin}*`]] }))),
    { keys: [...common, ["StudyDescription", spelled(word)]] },
    { keys: [...common, ["PatientName", `*^${word}*`]], late: true },
  ]);
}

function fits(row, { days, modalities, words }) {
  const begins = [plain(row, "00100020"), plain(row, "00080050")];
  const holds = `${plain(row, "00100010")} ${plain(row, "00081030")}`.toLowerCase();
  const day = plain(row, kStudyDate);
  const here = plain(row, "00080061").split(" ");
  return words.every((word) => {
    const small = word.toLowerCase();
    return holds.includes(small) || begins.some((value) => value.toLowerCase().startsWith(small));
  }) && (!modalities.length || modalities.some((one) => here.includes(one)))
    && (!days.length || days.some(([from, to, word]) => (day >= from && day <= to)
      || (!words.length && begins.some((value) => value.startsWith(word)))));
}

async function page({ keys, order }, offset, limit, signal) {
  const query = new URLSearchParams([...keys, ...(order ? [["orderby", order]] : []), ["includefield", "StudyDescription"],
    ["limit", limit], ["offset", offset]]);
  const response = await ask(`/dicomweb/studies?${query}`, { signal, accept: "application/dicom+json" });
  const rows = await response.json();
  const total = response.headers.get("X-Total-Count");
  return { rows, total: total === null ? null : Number(total) };
}

/** The matches of one question, page after page. The server gives them in the order in which they arrived; where it
    says how many there are, they are asked for from the end, the newest first. What is stored meanwhile comes behind,
    so that the pages before stay as they are. With an order the server sorts them. */
class Source {
  constructor({ keys, late = false }, order) {
    Object.assign(this, { keys, late, order, offset: 0, end: null, ended: false, total: null });
  }

  async next(signal) {
    if (this.end !== null) return this.before(signal);
    const { rows, total } = await page(this, this.offset, kPage, signal);
    if (total !== null) this.total = total;
    if (!this.order && this.offset === 0 && total !== null && total > rows.length) {
      this.end = total;
      return this.before(signal);
    }
    this.offset += rows.length;
    this.ended = rows.length < kPage || this.offset === total;
    return rows.reverse();
  }

  async before(signal) {
    const begin = Math.max(0, this.end - kPage);
    const { rows } = await page(this, begin, this.end - begin, signal);
    this.end = begin;
    this.ended = begin === 0;
    return rows.reverse();
  }
}

// What the server can put in order, by tag.
const kOrders = { "00080020": "StudyDate", "00080050": "AccessionNumber", "00081030": "StudyDescription",
  "00080090": "ReferringPhysicianName", "00100010": "PatientName", "00100020": "PatientID" };
const orderOf = ({ tag, down }) => (kOrders[tag] ? `${down ? "-" : ""}${kOrders[tag]}` : null);

/** A search: rows without repeats, as they come. */
export class Search {
  constructor(typed, sort = {}) {
    this.order = orderOf(sort);
    this.asked = understood(typed);
    this.rows = new Map();
    const asks = questions(this.asked);
    this.isAll = asks.length === 1 && asks[0].keys.length === 0;
    this.sources = asks.map((one) => new Source(one, this.order));
  }

  get ended() {
    return this.sources.every((source) => source.ended);
  }

  /** How many studies match, when that is known. */
  get total() {
    if (this.ended) return this.rows.size;
    return this.isAll ? this.sources[0].total : null;
  }

  take(rows) {
    let added = 0;
    for (const row of rows) {
      const uid = plain(row, kUid);
      if (!this.isAll && !fits(row, this.asked)) continue;
      if (!this.rows.has(uid)) ++added;
      this.rows.set(uid, row);
    }
    return added;
  }

  /** Reads a page of every source that has one; `some` is called whenever rows have come. */
  async more(signal, some, late = false) {
    await Promise.all(this.sources.filter((source) => source.late === late && !source.ended)
      .map(async (source) => {
        // Words that only narrow may leave nothing of a page.
        for (let tries = 0; tries < 5 && !source.ended; ++tries) {
          if (this.take(await source.next(signal))) break;
        }
        some();
      }));
  }
}

const kNumbers = new Set(["00201206", "00201208"]);

/** Rows in the order of a column; without one, the latest study first. */
export function sorted(rows, { tag, down } = {}) {
  const newest = (row) => `${plain(row, kStudyDate).padEnd(8)}${plain(row, kStudyTime)}`;
  const key = !tag || tag === kStudyDate ? newest
    : kNumbers.has(tag) ? (row) => Number(plain(row, tag)) : (row) => plain(row, tag).toLowerCase();
  const keyed = rows.map((row) => [key(row), row]);
  const order = (tag ? down : true) ? -1 : 1;
  const compare = (a, b) => (typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0);
  return keyed.sort(([a], [b]) => order * compare(a, b)).map(([, row]) => row);
}
