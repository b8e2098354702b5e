// How values are shown: numbers, sizes, times, and the values of DICOM attributes.
import { language, t } from "./texts.js";

const kShownMax = 300;  // characters of one value in a list; the page of the instance has all

// What cannot be seen, or turns the direction of the text around it.
const kInvisible = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Control characters and marks of direction are shown, and do nothing. */
export function visible(text) {
  return String(text).replace(kInvisible, (mark) => {
    const code = mark.codePointAt(0);
    return code < 0x20 ? String.fromCodePoint(0x2400 + code)
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

export function shortened(text) {
  const shown = visible(text);
  return shown.length > kShownMax ? `${shown.slice(0, kShownMax)}…` : shown;
}

export const number = (count) => new Intl.NumberFormat(language()).format(count);

export function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (count >= 1024 && unit + 1 < units.length) {
    count /= 1024;
    ++unit;
  }
  const digits = unit && count < 100 ? 1 : 0;
  return `${new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(count)} ${units[unit]}`;
}

export function duration(seconds) {
  const unit = (value, name) => new Intl.NumberFormat(language(),
    { style: "unit", unit: name, unitDisplay: "short" }).format(Math.floor(value));
  if (seconds >= 86400) return `${unit(seconds / 86400, "day")} ${unit((seconds / 3600) % 24, "hour")}`;
  if (seconds >= 3600) return `${unit(seconds / 3600, "hour")} ${unit((seconds / 60) % 60, "minute")}`;
  if (seconds >= 60) return `${unit(seconds / 60, "minute")} ${unit(seconds % 60, "second")}`;
  return unit(seconds, "second");
}

/** An ISO instant as the time here. */
export function instant(text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text ?? "";
  return time.toLocaleString(language(), { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
}

/** 20240517 as 2024-05-17; what is no date as it stands. */
export function date(text) {
  const parts = /^(\d{4})(\d\d)(\d\d)$/.exec(text ?? "");
  return parts ? `${parts[1]}-${parts[2]}-${parts[3]}` : shortened(text ?? "");
}

/** 093015.5 as 09:30. */
export function time(text) {
  const parts = /^(\d\d)(\d\d)/.exec(text ?? "");
  return parts ? `${parts[1]}:${parts[2]}` : shortened(text ?? "");
}

/** Doe^Jane^^Dr as "Doe, Jane, Dr": the parts in their order (PS3.5 §6.2.1). */
export function personName(text) {
  return shortened(String(text).split("^").map((part) => part.trim()).filter(Boolean).join(", "));
}

export function personNames(value) {
  if (typeof value !== "object" || value === null) return personName(value ?? "");
  const groups = [value.Alphabetic, value.Ideographic, value.Phonetic].filter(Boolean);
  return groups.map((group, at) => (at ? `(${personName(group)})` : personName(group))).join(" ");
}

/** The values of an attribute in the DICOM JSON model, as a text; "" when it is absent or empty. */
export function text(dataSet, tag) {
  const element = dataSet?.[tag];
  if (!element?.Value) return "";
  return element.Value.map((value) => (element.vr === "PN" ? personNames(value) : value ?? "")).join("\\");
}

/** What a search compares: every spelling of the name. */
export function plain(dataSet, tag) {
  const values = dataSet?.[tag]?.Value ?? [];
  return values.map((value) => (typeof value === "object" && value !== null
    ? Object.values(value).join(" ") : String(value ?? ""))).join(" ");
}

export function named(text, what) {
  return text || t(what);
}
