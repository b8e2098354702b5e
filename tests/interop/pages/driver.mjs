// One Chromium for a test class: reads {"run": name, "url", ...} a line, answers {"value"} or {"error"} a line.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import * as page from "./scenarios.mjs";
import * as viewer from "./viewer.mjs";

const scenarios = { ...page, ...viewer };
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // There is no graphics card: the viewer draws by WebGL all the same, the page with less work without.
  args: ["--no-sandbox", "--disable-dev-shm-usage", ...(process.argv.includes("--webgl")
    ? ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"] : ["--disable-gpu"])],
});
const kept = new Map();  // pages that stay open from one scenario to the next, by name

/** A page that fails the scenario when a script of it does, or breaks the content security policy. */
async function open({ url, keep, dark, phone, korean, headers }) {
  if (kept.has(keep)) return kept.get(keep);
  const context = await browser.newContext({
    colorScheme: dark ? "dark" : "light", locale: korean ? "ko-KR" : "en-US",
    viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
    deviceScaleFactor: phone ? 2 : 1, extraHTTPHeaders: headers ?? {}, acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error.stack ?? error)));
  page.on("console", (message) => /Content Security Policy/.test(message.text()) && wrong.push(message.text()));
  const opened = { page, url, wrong };
  if (keep) kept.set(keep, opened);
  return opened;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { run, ...what } = JSON.parse(line);
  let opened;
  try {
    opened = await open(what);
    const value = await scenarios[run]({ ...what, ...opened });
    if (opened.wrong.length) throw new Error(opened.wrong.join("\n"));
    console.log(JSON.stringify({ value: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.stack ?? error) }));
  }
  if (!what.keep) await opened?.page.context().close();
}
await browser.close();
