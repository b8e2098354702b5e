// The server at a glance: what it holds, what to enter in a modality, its checks, and plots.
import { button, facts, h, setText } from "./dom.js";
import { bytes, duration, number } from "./format.js";
import { plots } from "./plots.js";
import { latest, look, status } from "./status.js";
import { t } from "./texts.js";

const tile = (label, id) => h("div", null, h("dt", null, label), h("dd", { id }, "–"));
const kCounts = ["patients", "studies", "series", "instances"];

function copyButton(label, value) {
  const made = button(t("copy"), async () => {
    await navigator.clipboard.writeText(value);
    setText(made, t("copied"));
    setTimeout(() => setText(made, t("copy")), 1500);
  }, { class: "small", "aria-label": `${t("copy")} ${label}` });
  return made;
}

function endpointBox(endpoint, several) {
  const rows = [[t("aeTitle"), endpoint.ae_title], [t("host"), endpoint.host], [t("port"), String(endpoint.port)]];
  return h("div", { class: "endpoint" }, several ? h("h3", null, t(endpoint.tls ? "encrypted" : "notEncrypted")) : null,
    h("dl", null, rows.map(([label, value]) => h("div", null, h("dt", null, label),
      h("dd", null, h("span", null, value), navigator.clipboard ? copyButton(label, value) : null)))));
}

function connectCard(endpoints) {
  const plain = endpoints.find((endpoint) => !endpoint.tls) ?? endpoints[0];
  const command = plain && `storescu ${plain.tls ? "+tla -ic " : ""}-aec ${plain.ae_title} ${plain.host} ${plain.port} image.dcm`;
  return [h("h2", null, t("connectModality")), h("p", { class: "quiet" }, t("connectHint")),
    endpoints.map((endpoint) => endpointBox(endpoint, endpoints.length > 1)),
    endpoints.every((endpoint) => endpoint.local_only) ? h("p", { class: "quiet" }, t("localOnly"), " ", h("code", null, "dicom.listen")) : null,
    command ? [h("h3", null, t("tryShell")), h("pre", { tabindex: 0 }, h("code", null, command))] : null].flat(3).filter(Boolean);
}

const checkRow = (check) => h("li", { "data-ok": String(check.ok) }, check.name,
  check.detail ? h("small", null, check.detail) : null);

export function show({ root, signal }) {
  const connect = h("section", { class: "card" });
  const server = h("div"), checks = h("ul", { class: "checks" });
  const history = h("section", { hidden: true });
  root.append(h("h1", null, t("overview")),
    h("dl", { class: "tiles" }, kCounts.map((name) => tile(t(name), `count-${name}`)), tile(t("storedBytes"), "count-bytes")),
    history,
    h("div", { class: "columns" }, connect, h("section", { class: "card" }, h("h2", null, t("server")), server,
      h("h3", null, t("checks")), checks, h("p", { class: "machines" },
        [["/api/status", t("statusJson")], ["/metrics", t("metrics")], ["/readyz", t("readiness")], ["/healthz", t("health")]]
          .map(([href, label]) => h("a", { href }, label))))));
  let endpoints = "";
  const draw = () => {
    const now = latest();
    if (!now) return;
    for (const name of kCounts) setText(document.getElementById(`count-${name}`), now.counts ? number(now.counts[name]) : "–");
    setText(document.getElementById("count-bytes"), now.counts ? bytes(now.counts.bytes) : "–");
    server.replaceChildren(facts([[t("openAssociations"), number(now.associations)], [t("runningFor"), duration(now.uptime_seconds)],
      [t("memory"), bytes(now.memory_bytes)], [t("version"), now.version]], { class: "rows" }));
    checks.replaceChildren(...now.checks.map(checkRow));
    const key = JSON.stringify(now.dicom);
    if (key !== endpoints) connect.replaceChildren(...connectCard(now.dicom));  // keeps focus and selection
    endpoints = key;
  };
  status.addEventListener("change", draw, { signal });
  draw();
  plots(history, signal);
  return { ready: latest() ? undefined : look(), back: look };
}
