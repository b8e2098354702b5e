// node page.mjs BASE WORD...: opens the page, types each word into its box letter by letter, and prints when something
// was painted and the list could be used, how long the first rows take behind a key, the longest task meanwhile.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../tests/interop/pages/package.json", import.meta.url))("playwright-core");
const [base, ...words] = process.argv.slice(2);
const kBetweenKeysMs = 250;

function watch() {
  window.seen = { keys: [], tasks: [], pressed: null };
  new PerformanceObserver((list) => window.seen.tasks.push(...list.getEntries().map((one) => one.duration)))
    .observe({ type: "longtask", buffered: true });
  const take = () => {
    if (window.seen.pressed !== null) window.seen.keys.push(performance.now() - window.seen.pressed);
    window.seen.pressed = null;
  };
  addEventListener("input", () => {
    take();  // a key whose rows have not come until the next one
    window.seen.pressed = performance.now();
  }, true);
  new MutationObserver(() => {
    const body = document.querySelector(".studies tbody");
    if (!body?.children.length) return;
    window.seen.usable ??= performance.now();
    if (body.dataset.search === document.getElementById("search").value) take();
  }).observe(document, { childList: true, subtree: true, attributeFilter: ["data-search"] });
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.addInitScript(watch);
  await page.goto(base);
  await page.waitForFunction(() => window.seen.usable);
  await page.waitForTimeout(2500);
  await page.evaluate(() => { window.seen.tasks.length = 0; });
  for (const word of words) {
    await page.locator("#search").fill("");
    await page.waitForTimeout(1000);
    await page.evaluate(() => { window.seen.pressed = null; });
    await page.locator("#search").pressSequentially(word, { delay: kBetweenKeysMs });
    await page.waitForTimeout(1500);
  }
  const { keys, tasks, usable, paint } = await page.evaluate(() => ({ ...window.seen,
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime }));
  keys.sort((a, b) => a - b);
  console.log(JSON.stringify({ paint_ms: paint, usable_ms: usable, keys: keys.length, key_p50_ms: keys[keys.length >> 1],
    key_p95_ms: keys[Math.floor((keys.length - 1) * 0.95)], long_task_ms: Math.max(0, ...tasks) }));
} finally {
  await browser.close();
}
