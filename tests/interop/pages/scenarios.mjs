// What people do on the page, each a function that the test class calls by name.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const kAxe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const until = async (condition, what, milliseconds = 15000) => {
  for (const end = Date.now() + milliseconds; ;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 30));
  }
};
const texts = (page, selector) => page.locator(selector).allInnerTexts();
const go = async (page, url, hash) => {
  await page.goto(`${url}/${hash}`);
  await page.locator("h1").first().waitFor();
};
const names = (page) => texts(page, ".studies tbody .row-link");

async function search(page, typed, count) {
  await page.locator("#search").fill(typed);
  await page.waitForURL((address) => new URLSearchParams(address.hash.split("?")[1]).get("search") === typed);
  await until(async () => (await page.locator("[aria-busy]").count()) === 0
    && (await page.locator(".studies tbody tr").count()) === count, `${count} rows for ${typed}: ${await names(page)}`);
  return names(page);
}

/** The upload is done, and says so. */
async function uploaded(page) {
  const line = page.locator("section.card .big");
  const said = await until(async () => {
    const text = (await line.count()) ? await line.innerText() : "";
    return text && !/\d of|Reading/.test(text) && text;
  }, "the upload ends", 60000);
  return { line: said, refused: await texts(page, ".refused summary, .refused li") };
}

export async function upload({ page, url, files, folder }) {
  await go(page, url, "");
  await page.locator('[data-view="upload"]').click();
  await page.locator(folder ? '[data-choose="folder"]' : '[data-choose="files"]').first().setInputFiles(folder ?? files);
  return uploaded(page);
}

/** Uploads one after the other on the same page, and what is said after each. */
export async function uploads_in_a_row({ page, url, uploads }) {
  const said = [];
  for (const { files, patient } of uploads) {
    const { line, refused } = await upload({ page, url, files });
    await page.locator(".links").getByText(patient).waitFor();
    said.push({ line, refused, links: await texts(page, ".links a") });
  }
  return said;
}

/** A zip of very many files that are one study of very many series. */
export async function very_many({ page, url, file, series, seconds }) {
  await go(page, url, "#/upload");
  await page.locator('[data-choose="files"]').first().setInputFiles([file]);
  const line = page.locator("section.card .big");
  await until(async () => /stored\.$/.test(await line.innerText()), "the upload ends", seconds * 1000);
  const stored = await line.innerText();
  await page.locator(".links a").first().click();
  await page.getByText(`${series} series`).waitFor();
  await page.locator(".instance img").first().waitFor();
  const shown = await page.locator("details.series").count();
  await page.getByRole("button", { name: "More", exact: true }).first().click();
  await until(async () => (await page.locator("details.series").count()) > shown, "more series");
  return { stored, shown };
}

/** Cancels while the list of files is still read, then uploads something else. */
export async function cancelled_upload({ page, url, files }) {
  await go(page, url, "#/upload");
  await page.evaluate(async () => {
    const { sender } = await import("/ui/sender.js");
    const blob = new Blob(["words"]);
    sender.add(async (take) => {
      take({ name: "first", size: blob.size, open: async () => blob });
      await new Promise((done) => setTimeout(done, 1500));
      take({ name: "late", size: blob.size, open: async () => blob });
    });
  });
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Cancelled: ").waitFor();
  await page.locator('[data-choose="files"]').first().setInputFiles(files);
  const line = page.locator("section.card .big");
  await line.getByText("1 file is stored.").waitFor();
  await page.waitForTimeout(2000);  // what was cancelled does not come back
  return line.innerText();
}

/** As from a file manager: nothing but text is dropped, then a file. */
export async function drop({ page, url, name, base64 }) {
  await go(page, url, "");
  const said = await page.evaluate(async ([fileName, content]) => {
    const dropOf = (transfer) => document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    const nothing = new DataTransfer();
    nothing.setData("text/plain", "words");
    dropOf(nothing);
    const told = document.getElementById("spoken").textContent;
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], fileName));
    dropOf(transfer);
    return told;
  }, [name, base64]);
  const { line, refused } = await uploaded(page);
  await page.locator(".links").getByText("Drop, Dan").waitFor();
  return { said, line, refused };
}

export async function find({ page, url, searches }) {
  await go(page, url, "");
  await until(async () => (await names(page)).length, "studies");
  const found = {};
  for (const [typed, count] of searches) found[typed] = await search(page, typed, count);
  await search(page, "zzz-nobody", 0);
  await page.locator(".empty").getByText("No study matches.").waitFor();
  found.hash = new URL(page.url()).hash;
  return found;
}

/** The first page of a search, and all of it. */
export async function more({ page, url, typed, all }) {
  await go(page, url, `#/studies?search=${typed}`);
  await page.getByRole("button", { name: "More", exact: true }).waitFor();
  const first = await page.locator(".studies tbody tr").count();
  await page.getByRole("button", { name: "More", exact: true }).click();
  await until(async () => (await page.locator(".studies tbody tr").count()) === all, `${all} rows`);
  await page.getByText(`${all} studies`, { exact: true }).waitFor();
  return first;
}

/** Types quickly: only the last question counts. */
export async function type_fast({ page, url, typed, count }) {
  await go(page, url, "");
  await page.locator("#search").pressSequentially(typed, { delay: 15 });
  await until(async () => (await page.locator("[aria-busy]").count()) === 0
    && (await page.locator(".studies tbody tr").count()) === count, `${count} rows for ${typed}`);
  const found = await names(page);
  await page.reload();
  await until(async () => (await page.locator(".studies tbody tr").count()) === count, "the same after a reload");
  return found;
}

export async function sort_and_columns({ page, url }) {
  await go(page, url, "#/studies?search=sort");
  await until(async () => (await names(page)).length === 3, "three rows");
  const orders = [];
  const head = page.locator("thead button", { hasText: "Patient" }).first();
  for (const _ of [1, 2]) {
    await head.click();
    await until(async () => (await page.locator("[aria-busy]").count()) === 0, "the rows in another order");
    orders.push(await names(page));
  }
  await page.locator("summary", { hasText: "Columns" }).click();
  await page.getByLabel("Born").check();
  await page.reload();
  await until(async () => (await names(page)).length === 3, "three rows again");
  return { orders, heads: await texts(page, "thead button"), sort: await page.locator("[aria-sort]").getAttribute("aria-sort") };
}

export async function study({ page, url, uid }) {
  await go(page, url, `#/study/${uid}`);
  const thumbnail = page.locator(".instance img").first();
  await until(async () => (await thumbnail.count()) && thumbnail.evaluate((image) => image.complete && image.naturalWidth > 0), "a thumbnail");
  const title = await page.locator("h1").innerText();
  const facts = await page.locator(".facts").innerText();
  await page.locator(".priors li").first().waitFor();
  const priors = await texts(page, ".priors .row-link");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download zip" }).click();
  const zip = await (await download).path();
  await page.locator(".instance").first().click();
  await page.getByPlaceholder("Find by tag, name or value").fill("patientname");
  await until(async () => (await texts(page, ".attributes tbody tr")).length === 1, "one attribute");
  const row = await page.locator(".attributes tbody tr").innerText();
  await page.getByPlaceholder("Find by tag, name or value").fill("");
  const attributes = await page.locator(".attributes tbody tr").count();
  const picture = await page.locator("img.large").evaluate((image) => image.decode().then(() => image.naturalWidth));
  return { title, facts, priors, zip: readFileSync(zip).toString("latin1", 0, 4), row, attributes, picture };
}

/** What stands in the places of pictures. */
export async function places({ page, url, uid }) {
  await go(page, url, `#/study/${uid}`);
  await until(async () => (await page.locator(".picture .why").count()) > 0
    && !(await texts(page, ".picture .why")).includes("No picture"), "a place says why");
  return texts(page, ".picture .why");
}

export async function remote_ae({ page, url, title, port }) {
  await go(page, url, "#/aes");
  await page.getByLabel("AE title").fill(title);
  await page.getByLabel("Host").fill("127.0.0.1");
  await page.getByLabel("Port").fill(String(port));
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const row = page.locator(`tr[data-key="${title}"]`);
  await row.getByRole("button", { name: "Echo" }).click();
  await row.locator(".echo.good, .echo.problem-text").waitFor();
  const echo = await row.locator(".echo").innerText();
  await row.getByRole("button", { name: "Remove" }).click();
  await page.locator("dialog .danger").click();
  await row.waitFor({ state: "detached" });
  return echo;
}

/** Sends a study, to one who takes it and to one who does not answer. */
export async function send({ page, url, uid, to, nobody }) {
  await go(page, url, `#/study/${uid}`);
  const begin = async (destination) => {
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.locator("#destination").selectOption(destination);
    await page.locator("dialog .primary").click();
  };
  const line = page.locator("dialog [role=status]");
  await begin(to);
  await line.getByText("Done").waitFor();
  const done = await line.innerText();
  await page.keyboard.press("Escape");
  await begin(nobody);
  await line.getByText("next try").waitFor();
  const waiting = await line.innerText();
  await page.locator("dialog").getByRole("button", { name: "Cancel", exact: true }).click();
  await line.getByText("Cancelled").waitFor();
  await page.locator("dialog").getByRole("button", { name: "Retry" }).click();
  await line.getByText("next try").waitFor();
  await page.locator("dialog").getByRole("button", { name: "Cancel", exact: true }).click();
  await line.getByText("Cancelled").waitFor();
  return { done, waiting };
}

/** Makes a token, sees it once, revokes it. */
export async function token({ page, url, name }) {
  await go(page, url, "#/tokens");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Role").selectOption("uploader");
  await page.getByRole("button", { name: "Create" }).click();
  const secret = await page.locator("dialog input").inputValue();
  await page.keyboard.press("Escape");
  const row = page.locator("tbody tr", { hasText: name });
  const listed = await row.innerText();
  const me = await page.evaluate(async (text) =>
    (await fetch("/api/me", { headers: { Authorization: `Bearer ${text}` } })).json(), secret);
  await row.getByRole("button").click();
  await page.locator("dialog .danger").click();
  await row.waitFor({ state: "detached" });
  return { listed, me, shown: (await page.content()).includes(secret) };
}

export async function configuration({ page, url, typed }) {
  await go(page, url, "#/configuration");
  await page.getByPlaceholder("Find a key or value").fill(typed);
  const found = await texts(page, "tbody tr");
  await page.getByPlaceholder("Find a key or value").fill("");
  const all = await page.locator("tbody tr").count();
  await page.getByLabel("Only what differs").check();
  return { found, all, changed: await texts(page, "tbody th") };
}

export async function plots({ page, url }) {
  await go(page, url, "#/overview");
  await page.locator(".plot").first().waitFor();
  const titles = await texts(page, ".plot figcaption span");
  await page.getByRole("button", { name: "Month" }).click();
  await page.locator("summary", { hasText: "The numbers as a table" }).click();
  await page.locator("details tbody tr").first().waitFor();
  await page.locator("[aria-pressed=true]", { hasText: "Month" }).waitFor();
  return titles;
}

/** A list that stands open learns of what is new. */
export async function live({ page, url, hash, path, made, words }) {
  await go(page, url, hash);
  await page.evaluate(async ([where, what]) => {
    const answer = await fetch(where, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what) });
    if (!answer.ok) throw new Error(await answer.text());
  }, [path, made]);
  await page.locator("tbody").getByText(words).first().waitFor();
}

/** With a cookie that the server no longer knows. */
export async function with_a_stale_cookie({ page, url }) {
  await page.context().addCookies([{ name: "pacs_token", value: "pacs_gone", url }]);
  await page.goto(`${url}/#/jobs`);
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
}

/** What a role is shown of a view that is not for it. */
export async function not_for_me({ page, url, hash, token: secret }) {
  await page.context().addCookies([{ name: "pacs_token", value: secret, url }]);
  await page.goto(`${url}/${hash}`);
  await page.locator(".notice.problem p").waitFor();
  return { said: await page.locator(".notice.problem p").innerText(), nav: await texts(page, "#nav a") };
}

export async function jobs({ page, url, destination }) {
  await go(page, url, "#/jobs");
  const row = page.locator("tr[data-key]", { hasText: destination });
  await row.waitFor();
  const before = await row.innerText();
  await row.getByRole("button", { name: "Cancel" }).click();
  await row.locator(".state-cancelled").waitFor();
  await row.getByRole("button", { name: "Retry" }).click();
  await row.locator(".state-waiting, .state-running").waitFor();
  return before;
}

/** The text of a view, when `words` stand in it. */
export async function view({ page, url, hash, words }) {
  await go(page, url, hash);
  await page.locator("#main").getByText(words).first().waitFor();
  return page.locator("#main").innerText();
}

export async function languages({ page, url }) {
  await go(page, url, "#/overview");
  const korean = await page.locator("h1").innerText();
  const lang = await page.locator("html").getAttribute("lang");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  return { korean, lang, after: await page.locator("html").getAttribute("lang") };
}

/** From opening the page to an attribute and back, without a mouse. */
export async function keyboard({ page, url, typed }) {
  await go(page, url, "");
  await until(async () => (await names(page)).length, "studies");
  const press = (key) => page.keyboard.press(key);
  const at = (part) => page.waitForURL((address) => address.hash.startsWith(part));
  await press("?");
  await page.locator("dialog[open]").waitFor();
  await press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await press("/");
  await page.keyboard.type(typed);
  await until(async () => (await names(page)).length === 1, "one study");
  await press("Escape");  // empties the box, then leaves it
  await until(async () => (await names(page)).length > 1, "all studies again");
  await press("Escape");
  await press("/");
  await page.keyboard.type(typed);
  await until(async () => (await names(page)).length === 1, "one study again");
  await press("ArrowDown");
  await press("Enter");
  await at("#/study/");
  await page.locator(".instance").first().waitFor();
  // Rows appear while the study loads, so that the first instance is some rows further down.
  await until(async () => {
    await press("j");
    return page.evaluate(() => document.activeElement.matches(".instance"));
  }, "j moves to an instance");
  await press("Enter");
  await page.locator(".attributes tbody tr").first().waitFor();
  await press("/");
  await page.keyboard.type("rows");
  await until(async () => (await page.locator(".attributes tbody tr").count()) < 5, "few attributes");
  await press("Escape");
  await press("Escape");
  await page.locator("details.series").first().waitFor();
  await press("Escape");
  await at("#/studies");
  for (const [key, hash] of [["a", "#/aes"], ["j", "#/jobs"], ["o", "#/overview"], ["u", "#/upload"]]) {
    await press("g");
    await press(key);
    await at(hash);
  }
  const focused = () => page.evaluate(() => document.activeElement.tagName);
  await until(async () => (await focused()) === "H1", "the focus follows");
  return focused();
}

/** What axe-core finds in the views. */
export async function axe({ page, url, hashes }) {
  const found = [];
  for (const hash of hashes) {
    await go(page, url, hash);
    await page.waitForTimeout(250);
    await page.evaluate(kAxe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    found.push(...violations.map(({ id, nodes }) => `${hash} ${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`).join(" | ")}`));
  }
  return found;
}

/** Sees what hostile texts do: that they are shown as text, and nothing of them runs. */
export async function hostile({ page, url, typed, uid }) {
  const fired = [];
  page.on("dialog", (dialog) => {
    fired.push(dialog.message());
    dialog.dismiss();
  });
  await go(page, url, `#/studies?search=${encodeURIComponent(typed)}`);
  await until(async () => (await names(page)).length, "the study");
  const rows = await names(page);
  const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  await go(page, url, `#/study/${uid}`);
  await page.locator(".instance").first().waitFor();
  const shown = await page.locator("#main").innerText();
  await page.locator(".instance").first().click();
  await page.locator(".attributes tbody tr").first().waitFor();
  const elements = await page.locator("#main script, #main img[onerror], #main b").count();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return { rows, width, shown, elements, fired, wide };
}

export async function open_list({ page, url }) {
  await go(page, url, "");
  await until(async () => (await names(page)).length, "studies");
}

export async function sees_it_away({ page }) {
  await page.locator("#away").getByText("does not answer").waitFor({ timeout: 20000 });
  await page.locator("#search").fill("sort");
  await page.locator(".below .problem").waitFor();
  assert.deepEqual(await names(page), [], "the rows of another search are gone");
}

export async function sees_it_back({ page }) {
  await page.locator("#away").waitFor({ state: "hidden", timeout: 30000 });
  await until(async () => (await names(page)).length === 3, "the search that failed is done again");
}

/** Begins an upload while the server is away. */
export async function begin_upload({ page, files }) {
  await page.evaluate(() => { location.hash = "#/upload"; });
  await page.locator('[data-choose="files"]').first().setInputFiles(files);
  await page.getByText("The connection is lost.").waitFor();
}

/** An upload that is in the middle of its first requests. */
export async function upload_half_way({ page, url, files }) {
  await go(page, url, "#/upload");
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 });
  await page.locator('[data-choose="files"]').first().setInputFiles(files);
  await until(() => page.locator("progress").evaluate((bar) => bar.value > 0.1 && bar.value < 0.9), "some bytes are sent");
}

export async function end_upload({ page }) {
  return uploaded(page);
}

export async function log_in({ page, url, token }) {
  await page.goto(`${url}/#/jobs`);
  await page.waitForURL((address) => address.pathname === "/login");
  await page.getByLabel("Token").fill("pacs_wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("There is no such token.").waitFor();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL((address) => address.hash === "#/jobs");
  await page.getByRole("heading", { name: "Jobs" }).waitFor();
}

export async function is_sent_to_log_in({ page }) {
  await page.waitForURL((address) => address.pathname === "/login", { timeout: 20000 });
  return new URL(page.url()).searchParams.get("next");
}

/** Bytes on the wire of the first view, and when something was painted. */
export async function weight({ page, url }) {
  await go(page, url, "");
  await until(async () => (await names(page)).length, "studies");
  await page.waitForTimeout(2000);
  return page.evaluate(() => ({
    files: performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
      .filter((one) => /\/(ui\/.*)?$/.test(new URL(one.name).pathname)).map((one) => [one.name, one.transferSize]),
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  }));
}

export async function pictures({ page, url, shots }) {
  for (const [hash, path] of shots) {
    await go(page, url, hash);
    await page.waitForTimeout(1200);
    await page.screenshot({ path });
  }
}

export async function picture_of_upload({ page, url, files, path }) {
  await upload({ page, url, files });
  await page.waitForTimeout(600);
  await page.screenshot({ path });
}
