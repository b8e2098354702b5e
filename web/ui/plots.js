// Plots of the last hour, day or month: a line each, and the same numbers as a table.
import { button, every, h, svg, table } from "./dom.js";
import { get } from "./api.js";
import { bytes, duration, number } from "./format.js";
import { language, t } from "./texts.js";

const kSpans = ["hour", "day", "month"];
const kLookMs = 10000;  // a step of an hour's plot
const kWidth = 320, kHeight = 90;
const kTableRows = 60;

const round = (value) => number(value >= 100 ? Math.round(value) : Math.round(value * 100) / 100);
const milliseconds = (value) => `${round(value)} ms`;
// Name, how a value is shown, and whether it is counted over a step.
const kShown = [
  ["stored_bytes", bytes, true], ["stored_objects", round, true], ["http_requests", round, true],
  ["associations", round], ["store_p95_ms", milliseconds], ["http_p95_ms", milliseconds], ["archive_bytes", bytes],
  ["memory_bytes", bytes],
];

/** Pieces of the line between values that are not known. */
function lines(values, max) {
  const x = (at) => (values.length > 1 ? (at / (values.length - 1)) * kWidth : 0);
  const y = (value) => kHeight - 2 - (value / (max || 1)) * (kHeight - 8);
  const pieces = [];
  let piece = [];
  for (const [at, value] of [...values, null].entries()) {
    if (value !== null && value !== undefined) piece.push(`${x(at).toFixed(1)},${y(value).toFixed(1)}`);
    else if (piece.length) {
      pieces.push(piece.length === 1 ? [piece[0], piece[0]] : piece);
      piece = [];
    }
  }
  return pieces.flatMap((points) => {
    const [first] = points[0].split(","), [last] = points.at(-1).split(",");
    return [svg("polygon", { class: "area", points: `${first},${kHeight} ${points.join(" ")} ${last},${kHeight}` }),
      svg("polyline", { class: "line", points: points.join(" ") })];
  });
}

function plot(name, values, show, step) {
  const known = values.filter((value) => value !== null && value !== undefined);
  const max = Math.max(0, ...known);
  const last = known.length ? show(known.at(-1)) : "–";
  return h("figure", { class: "plot card" },
    h("figcaption", null, h("span", null, t(`plot_${name}`)), h("strong", null, last)),
    svg("svg", { viewBox: `0 0 ${kWidth} ${kHeight}`, preserveAspectRatio: "none", role: "img",
      "aria-label": t("plotOf", { what: t(`plot_${name}`), last, max: show(max) }) }, lines(values, max)),
    h("span", { class: "quiet small" }, known.length === 0 ? t("notMeasured") : t("atMost", { max: show(max) }),
      step && known.length ? ` ${t("inStep", { step: duration(step) })}` : ""));
}

function numbers({ step_seconds: step, until, series }, shown) {
  const count = Math.max(...shown.map(([name]) => series[name].length));
  const rows = [];
  for (let back = 0; back < Math.min(count, kTableRows); ++back) {
    const when = new Date(new Date(until) - back * step * 1000);
    rows.push([when.toLocaleString(language(), { dateStyle: "short", timeStyle: "short", hourCycle: "h23" }),
      ...shown.map(([name, show]) => {
        const value = series[name].at(-1 - back);
        return value === null || value === undefined ? "–" : show(value);
      })]);
  }
  return h("details", null, h("summary", null, t("asTable")),
    table(t("asTable"), [t("time"), ...shown.map(([name]) => t(`plot_${name}`))], rows));
}

export async function plots(root, signal) {
  let span = "hour";
  const choice = h("div", { class: "choices", role: "group", "aria-label": t("span") });
  const drawn = h("div", { class: "plots" }), below = h("div");
  const choose = () => choice.replaceChildren(...kSpans.map((name) => button(t(name), () => {
    span = name;
    choose();
    choice.querySelector("[aria-pressed=true]").focus();
    load();
  }, { "aria-pressed": String(name === span) })));
  async function load() {
    const history = await get(`/api/history?span=${span}`, { signal });
    const shown = kShown.filter(([name]) => history.series[name]);
    drawn.replaceChildren(...shown.map(([name, show, isSum]) =>
      plot(name, history.series[name], show, isSum && history.step_seconds)));
    const open = below.querySelector("details")?.open;
    below.replaceChildren(...(shown.length ? [numbers(history, shown)] : []));
    if (open) below.querySelector("details").open = true;
    // Nothing is known in the first seconds of a new archive.
    if (shown.some(([name]) => history.series[name].some((value) => value !== null))) root.hidden = false;
  }
  root.append(h("div", { class: "title" }, h("h2", null, t("history")), choice), drawn, below);
  choose();
  await load().catch(() => {});
  every(kLookMs, load, signal);
}
