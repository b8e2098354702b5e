// Sends files to the archive by STOW-RS (PS3.18 §10.5): a few at a time, two requests at once, again and
// again while the server is away. What the server has acknowledged is not sent again.
import { waitUntilBack } from "./api.js";
import { plain } from "./format.js";
import { t } from "./texts.js";

const kBatchBytes = 8 << 20;
const kBatchFiles = 64;
const kAtOnce = 2;
const kHeadBytes = 4096;   // holds the SOP Instance UID of the file's meta information
const kRefusedMax = 10000; // kept by name
const kStudiesMax = 20;    // shown as links
const kPausesMs = [1000, 2000, 5000, 10000, 20000, 30000];

const kReason = { 0xc000: "reasonUnreadable", 0x0122: "reasonClass", 0xa700: "reasonRoom", 0xa900: "reasonStudy",
  0x0110: "reasonProcessing", 0x0111: "reasonDuplicate" };

/** The SOP Instance UID of a Part 10 file (PS3.10 §7.1), "" when there is none; null: no DICOM at all. */
async function uidOf(blob) {
  const head = new DataView(await blob.slice(0, kHeadBytes).arrayBuffer());
  const ascii = (at, length) => String.fromCharCode(...new Uint8Array(head.buffer, at, length));
  if (head.byteLength < 8) return null;
  if (head.byteLength < 132 || ascii(128, 4) !== "DICM") return /^[\x02\x08]\x00|^\x00[\x02\x08]/.test(ascii(0, 2)) ? "" : null;
  for (let at = 132; at + 8 <= head.byteLength && head.getUint16(at, true) === 2;) {
    const wide = ["OB", "UN", "UT", "OW"].includes(ascii(at + 4, 2));
    const length = wide && at + 12 <= head.byteLength ? head.getUint32(at + 8, true) : head.getUint16(at + 6, true);
    const value = at + (wide ? 12 : 8);
    if (value + length > head.byteLength) break;
    if (head.getUint16(at + 2, true) === 3) return ascii(value, length).replace(/[\0 ]+$/, "");
    at = value + length;
  }
  return "";
}

/** POSTs with progress, which fetch does not tell. Status 0: no answer. */
function post(body, type, progress, signal) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/dicomweb/studies");
    request.setRequestHeader("Content-Type", type);
    request.setRequestHeader("Accept", "application/dicom+json");
    request.upload.onprogress = (event) => progress(event.loaded);
    const stop = () => request.abort();
    request.onloadend = () => {
      signal.removeEventListener("abort", stop);
      done({ status: request.status, text: request.responseText,
        warning: request.status ? request.getResponseHeader("Warning") ?? "" : "" });
    };
    signal.addEventListener("abort", stop);
    request.send(body);
  });
}

function read(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
const items = (module, tag) => module[tag]?.Value ?? [];

/** What the server says in words of a file that was sent alone. */
function words({ text, warning }) {
  const module = read(text);
  const said = /^299 \S+ "((?:[^"\\]|\\.)*)"/.exec(warning)?.[1].replace(/\\(.)/g, "$1");
  const failure = [...items(module, "00081198"), ...items(module, "0008119A")][0];
  const reason = kReason[Number(plain(failure, "00081197"))];
  return [reason && t(reason), said ?? module.detail].filter(Boolean).join(" ") || t("reasonUnknown");
}

/** One upload of this page. Sends "change" when a number or the state changes. */
export class Sender extends EventTarget {
  constructor() {
    super();
    this.queue = [];
    this.reset();
  }

  reset() {
    Object.assign(this, { reading: 0, files: 0, bytes: 0, stored: 0, kept: 0, skipped: 0, refusals: 0, doneBytes: 0,
      refused: [], studies: new Set(), state: "idle", why: "", sending: new Map(), began: 0, inHand: 0 });
    this.queue.length = 0;
    this.stopped?.abort();
    this.stopped = new AbortController();
  }

  get waiting() {
    return this.files - this.stored - this.kept - this.refusals;
  }
  get sentBytes() {
    return this.doneBytes + [...this.sending.values()].reduce((sum, bytes) => sum + bytes, 0);
  }
  get isBusy() {
    return this.reading > 0 || this.queue.length > 0 || this.inHand > 0;
  }

  changed(state) {
    if (state) this.state = state;
    this.dispatchEvent(new Event("change"));
  }

  /** Takes all of `walk` (files.js), and begins to send meanwhile. */
  async add(walk) {
    if (!this.isBusy) {
      this.reset();
      this.began = performance.now();
    }
    const { signal } = this.stopped;
    ++this.reading;
    this.changed("sending");
    try {
      await walk((file) => {
        signal.throwIfAborted();
        this.queue.push(file);
        ++this.files;
        this.bytes += file.size;
        this.run();
      }, (name, why) => {
        signal.throwIfAborted();
        ++this.files;
        this.refuse({ name, size: 0 }, t(why));
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      if (!signal.aborted) {
        --this.reading;
        this.settle();
      }
    }
  }

  cancel() {
    this.queue.length = 0;
    this.stopped.abort();
    this.sending.clear();
    Object.assign(this, { reading: 0, inHand: 0 });
    this.changed("cancelled");
  }

  run() {
    const { signal } = this.stopped;
    while (this.inHand < kAtOnce && this.queue.length) {
      ++this.inHand;
      this.worker(signal).finally(() => {
        if (signal.aborted) return;  // what is counted by now is another upload's
        --this.inHand;
        if (this.queue.length) this.run();
        else this.settle();
      });
    }
  }

  settle() {
    if (!this.isBusy && this.state !== "cancelled" && this.state !== "idle") this.state = "done";
    this.changed();
  }

  async worker(signal) {
    while (this.queue.length && !signal.aborted) {
      const batch = await this.nextBatch(signal);
      if (batch.length) await this.deliver(batch, signal);
    }
  }

  /** The next files that can be sent: as many as one request has. */
  async nextBatch(signal) {
    const batch = [];
    for (let bytes = 0; this.queue.length && batch.length < kBatchFiles && !signal.aborted;) {
      const taken = [];
      while (this.queue.length && batch.length + taken.length < kBatchFiles) {
        const { size } = this.queue[0];
        if (batch.length + taken.length && bytes + size > kBatchBytes) break;
        bytes += size;
        taken.push(this.queue.shift());
      }
      if (taken.length === 0) break;
      batch.push(...await this.opened(taken, signal));
    }
    return signal.aborted ? [] : batch;
  }

  /** Those of some files that can be sent; all are opened at once, which takes hardly longer than for one. */
  async opened(files, signal) {
    await Promise.all(files.map(async (file) => {
      try {
        file.blob = await file.open();
        file.uid = await uidOf(file.blob);
      } catch (error) {
        file.why = /^zip/.test(error.message) ? error.message : "unreadable";
      }
    }));
    return signal.aborted ? [] : files.filter((file) => {
      const sendable = !file.why && file.uid !== null;
      if (!sendable) this.refuse(file, t(file.why ?? "reasonNotDicom"));
      return sendable;
    });
  }

  refuse(file, why) {
    ++this.refusals;
    this.doneBytes += file.size;
    if (this.refused.length < kRefusedMax) this.refused.push({ name: file.name, why });
    file.blob = null;
    this.changed();
  }

  keep(file, item) {
    // Warning Reason B006: another object of this name was there, and stays.
    const other = plain(item, "00081196") !== "";
    ++this[other ? "kept" : "stored"];
    this.doneBytes += file.size;
    file.blob = null;
    const study = /\/studies\/([\d.]+)\//.exec(plain(item, "00081190"))?.[1];
    if (study && this.studies.size <= kStudiesMax) this.studies.add(study);
  }

  /** Sends until it is answered; a batch that is refused as a whole is sent file by file. */
  async deliver(batch, signal) {
    const answer = await this.post(batch, signal);
    if (!answer) return;
    const module = read(answer.text);
    const referenced = new Map(items(module, "00081199").map((item) => [plain(item, "00081155"), item]));
    const left = [];
    for (const file of batch) {
      const item = referenced.get(file.uid) ?? (batch.length === 1 ? [...referenced.values()][0] : null);
      if (item) this.keep(file, item);
      else left.push(file);
    }
    this.changed();
    if (batch.length === 1) {
      if (left.length) this.refuse(left[0], words(answer));
      return;
    }
    for (const file of left) await this.deliver([file], signal);
  }

  /** The answer; nothing when the upload was cancelled. */
  async post(batch, signal) {
    const boundary = `pacs-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    const parts = batch.flatMap((file, at) => [
      `${at ? "\r\n" : ""}--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`, file.blob]);
    const body = new Blob([...parts, `\r\n--${boundary}--\r\n`]);
    const type = `multipart/related; type="application/dicom"; boundary="${boundary}"`;
    for (let tries = 0; !signal.aborted; ++tries) {
      const answer = await post(body, type, (bytes) => {
        if (signal.aborted) return;
        this.sending.set(batch, bytes);
        this.changed();
      }, signal);
      this.sending.delete(batch);
      const again = { 0: "lost", 401: "login", 403: "forbidden", 502: "lost", 503: "busy", 504: "lost" }[answer.status];
      if (signal.aborted) return null;
      if (!again) {
        this.changed("sending");
        return answer;
      }
      this.why = answer.status ? read(answer.text).detail ?? "" : "";
      this.changed(again);
      if (answer.status === 0) waitUntilBack();
      await this.pause(kPausesMs[Math.min(tries, kPausesMs.length - 1)], signal);
    }
    return null;
  }

  /** A pause that "try again now" ends. */
  pause(milliseconds, signal) {
    return new Promise((done) => {
      const over = new AbortController();
      const end = () => {
        clearTimeout(timer);
        over.abort();
        done();
      };
      const timer = setTimeout(end, milliseconds);
      this.addEventListener("again", end, { signal: over.signal });
      signal.addEventListener("abort", end, { signal: over.signal });
    });
  }
  again() {
    this.dispatchEvent(new Event("again"));
  }
}

export const sender = new Sender();
