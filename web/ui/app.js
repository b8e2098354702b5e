// Shows /api/status, fetched every five seconds while the page is visible.
"use strict";

const kPeriodMs = 5000;
const element = (id) => document.getElementById(id);
const show = (id, text) => {
  if (element(id).textContent !== text) element(id).textContent = text;
};
const number = new Intl.NumberFormat();

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (count >= 1024 && unit + 1 < units.length) {
    count /= 1024;
    ++unit;
  }
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: unit && count < 100 ? 1 : 0 }).format(count)} ${units[unit]}`;
}

function duration(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  if (minutes) return `${minutes} min ${Math.floor(seconds) % 60} s`;
  return `${Math.floor(seconds)} s`;
}

function make(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function copyButton(label, value) {
  const button = make("button", "Copy");
  button.type = "button";
  button.setAttribute("aria-label", `Copy ${label}`);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(value);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}

let shownEndpoints = "";
function showEndpoints(endpoints) {
  const key = JSON.stringify(endpoints);
  if (key === shownEndpoints) return;  // keep focus and selection
  shownEndpoints = key;
  element("endpoints").replaceChildren(...endpoints.map((endpoint) => {
    const box = make("div", undefined, "endpoint");
    if (endpoints.length > 1) box.append(make("h3", endpoint.tls ? "Encrypted (TLS)" : "Not encrypted"));
    const list = make("dl");
    for (const [label, value] of [["AE title", endpoint.ae_title], ["Host", endpoint.host], ["Port", String(endpoint.port)]]) {
      const row = make("div");
      row.append(make("dt", label), make("dd", value));
      if (navigator.clipboard) row.append(copyButton(label, value));
      list.append(row);
    }
    box.append(list);
    return box;
  }));
  element("local-only").hidden = !endpoints.every((endpoint) => endpoint.local_only);
  const plain = endpoints.find((endpoint) => !endpoint.tls) ?? endpoints[0];
  if (plain) {
    const tls = plain.tls ? "+tla -ic " : "";
    show("try", `storescu ${tls}-aec ${plain.ae_title} ${plain.host} ${plain.port} image.dcm`);
  }
}

function showChecks(checks) {
  element("checks").replaceChildren(...checks.map((check) => {
    const item = make("li", check.name);
    item.dataset.ok = check.ok;
    if (check.detail) item.append(make("small", check.detail));
    return item;
  }));
  const failed = checks.filter((check) => !check.ok);
  element("problems").hidden = failed.length === 0;
  element("problem-list").replaceChildren(...failed.map((check) => make("li", `${check.name}: ${check.detail}`)));
}

function showState(state, text) {
  element("state").dataset.state = state;
  show("state-text", text);
}

async function refresh() {
  try {
    const response = await fetch("/api/status", { cache: "no-store" });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const status = await response.json();
    for (const name of ["patients", "studies", "series", "instances"]) {
      show(name, status.counts ? number.format(status.counts[name]) : "–");
    }
    show("bytes", status.counts ? bytes(status.counts.bytes) : "–");
    show("associations", number.format(status.associations));
    show("uptime", duration(status.uptime_seconds));
    show("memory", bytes(status.memory_bytes));
    show("version", status.version);
    showEndpoints(status.dicom);
    showChecks(status.checks);
    showState(status.ready ? "ready" : "problem", status.ready ? "Ready" : "Not ready");
    show("updated", `Updated ${new Date().toLocaleTimeString()}`);
  } catch (error) {
    showState("problem", "Server does not answer");
  }
}

async function run() {
  if (!document.hidden) await refresh();
  setTimeout(run, kPeriodMs);
}
document.addEventListener("visibilitychange", () => document.hidden || refresh());
run();
