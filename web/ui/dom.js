// Elements, made by script. Text is only ever text: nothing here reads markup.

const kSvg = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined
    && child !== false));
  return element;
}

/** h("button", {type: "button", onclick: act}, "Send") */
export function h(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(kSvg, name), attributes, children);
}

/** Changes a text only when it differs, so that selections and live regions are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function button(label, act, attributes) {
  return h("button", { type: "button", onclick: act, ...attributes }, label);
}

/** Pairs of a label and a value (text or element); those without a value are left out. */
export function facts(pairs, attributes) {
  return h("dl", { class: "facts", ...attributes }, pairs
    .filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([label, value]) => h("div", null, h("dt", null, label), h("dd", null, value))));
}

/** A table in a frame that scrolls sideways by itself. `rows` are arrays of cells. */
export function table(caption, heads, rows, attributes) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", attributes,
      h("caption", { class: "hidden" }, caption),
      h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", null, rows.map((cells) => (cells instanceof Element
        ? cells : h("tr", null, cells.map((cell) => h("td", null, cell))))))));
}

const drawn = new WeakMap();
const kFocusable = "a[href], button, input, select, summary, [tabindex]";

/** Fills a place anew when what it shows has changed. The focus stays in the row of the same data-key, and a
    table as far to the side as it was. */
export function redraw(place, what, make) {
  const now = JSON.stringify(what);
  if (drawn.get(place) === now) return;
  drawn.set(place, now);
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const row = focused?.closest("[data-key]");
  const at = focused ? [...(row ?? place).querySelectorAll(kFocusable)].indexOf(focused) : -1;
  const aside = place.querySelector(".scroll")?.scrollLeft;
  place.replaceChildren();
  fill(place, {}, [make()]);
  if (aside) place.querySelector(".scroll")?.scrollTo({ left: aside });
  const same = row ? place.querySelector(`[data-key="${CSS.escape(row.dataset.key)}"]`) : place;
  if (at >= 0) same?.querySelectorAll(kFocusable)[at]?.focus();
}

/** How often lists look whether something has changed. */
export const kLookMs = 5000;

/** Calls `act` every `milliseconds` while the page is seen, until the signal ends it. */
export function every(milliseconds, act, signal) {
  let timer;
  const tick = async () => {
    clearTimeout(timer);
    if (signal.aborted) return;
    if (!document.hidden) await Promise.resolve(act()).catch(() => {});
    if (!signal.aborted) timer = setTimeout(tick, milliseconds);
  };
  const seen = () => document.hidden || tick();
  document.addEventListener("visibilitychange", seen, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  timer = setTimeout(tick, milliseconds);
}

let spoken;
/** Tells those who do not see the page what has changed on it. */
export function announce(text) {
  spoken ??= document.getElementById("spoken");
  setText(spoken, text);
}
