// What the OHIF viewer shows of a study. Each step is one of
//   {shows: "/dicomweb/.../rendered?..."}   the canvas shows this picture: how far they differ (within), and
//                                           which share of it has a colour (coloured)
//   {press: "ArrowDown"}                    a key, with the viewport in focus
//   {series: "SEG", shows: ...}             the same after a double click on the series with this text
//   {wait: "text"}                          until the page has this text
//   {element: 'object[data^="blob:"]'}      until there is such an element
//   {click: "text"}                         a click on it
//   {wheel: 100}                            the wheel over the viewport
//   {thumbnails: 2}                         so many pictures beside it
//   {picture: "/file.png"}                  a screenshot

// How far the canvas is from a picture, in grey values of 255: the mean over the middle of each of its
// pixels, without the corners, where the viewer writes. The viewer fits the picture into the canvas.
async function difference(url) {
  const bitmap = await createImageBitmap(await (await fetch(url)).blob());
  const pixelsOf = (source, width, height) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.drawImage(source, 0, 0);
    return context.getImageData(0, 0, width, height).data;
  };
  const shown = document.querySelector("canvas.cornerstone-canvas");
  if (!shown) return { difference: 255, why: "no canvas" };
  const truth = pixelsOf(bitmap, bitmap.width, bitmap.height);
  const seen = pixelsOf(shown, shown.width, shown.height);
  const scale = Math.min(shown.width / bitmap.width, shown.height / bitmap.height);
  const left = (shown.width - bitmap.width * scale) / 2;
  const top = (shown.height - bitmap.height * scale) / 2;
  let sum = 0, count = 0, spread = 0, coloured = 0;
  for (let y = 0; y < bitmap.height; ++y) {
    for (let x = 0; x < bitmap.width; ++x) {
      const edge = Math.abs(y / bitmap.height - 0.5) > 0.3;
      if (edge || Math.abs(x / bitmap.width - 0.5) > 0.3) continue;
      const at = (y * bitmap.width + x) * 4;
      const column = Math.floor(left + (x + 0.5) * scale), row = Math.floor(top + (y + 0.5) * scale);
      const there = (row * shown.width + column) * 4;
      const levels = seen.subarray(there, there + 3);
      coloured += Math.max(...levels) - Math.min(...levels) > 25;
      for (let c = 0; c < 3; ++c) {
        sum += Math.abs(truth[at + c] - seen[there + c]);
        spread += Math.abs(truth[at + c] - 128);
        ++count;
      }
    }
  }
  return { difference: sum / count, spread: spread / count, coloured: coloured / (count / 3) };
}

function thumbnails() {
  const shown = (image) => image.naturalWidth > 0 && /^(blob|data):/.test(image.src);
  return [...document.querySelectorAll("img")].filter(shown).length;
}

// Asks again and again, and gives the last answer after half a minute. What has to happen first is done
// again every ten seconds, as a person does: a series that moves between two clicks has not opened.
async function until(page, ask, fits, first = async () => {}) {
  let last;
  for (let tries = 0; tries < 120; ++tries) {
    if (tries % 40 === 0) await first();
    last = await ask();
    if (fits(last)) break;
    await page.waitForTimeout(250);
  }
  return last;
}

async function take(page, step) {
  if (step.press) {
    await page.mouse.click(...(await middle(page)));
    await page.keyboard.press(step.press);
  } else if (step.wheel) {
    await page.mouse.move(...(await middle(page)));
    await page.mouse.wheel(0, step.wheel);
  } else if (step.click) {
    await page.getByText(step.click, { exact: true }).first().click();
  } else if (step.wait) {
    await page.getByText(step.wait).first().waitFor();
  } else if (step.element) {
    await page.locator(step.element).first().waitFor({ state: "attached" });
  } else if (step.thumbnails) {
    return { thumbnails: await until(page, () => page.evaluate(thumbnails), (count) => count >= step.thumbnails) };
  } else if (step.picture) {
    await page.screenshot({ path: step.picture });
  } else {
    const found = () => page.evaluate(difference, step.shows).catch((error) => ({ difference: 255, why: String(error) }));
    const fits = (last) => last.difference < (step.within ?? 3) && last.coloured >= (step.coloured ?? 0);
    return until(page, found, fits, step.series && (() => page.getByText(step.series, { exact: true }).first().dblclick()));
  }
  return {};
}

async function middle(page) {
  const box = await page.locator("canvas.cornerstone-canvas").first().boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** What a reader has seen and closed once. */
async function closeNotices(page) {
  await page.addInitScript(() => {
    if (globalThis.localStorage) sessionStorage.setItem("investigationalUseDialog", "hidden");  // else a frame with a document
  });
}

/** {steps: [...], errors: [...]} of studies opened in the viewer. */
export async function viewer({ page, url, studies, steps, token }) {
  page.setDefaultTimeout(40000);
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("response", (response) => response.status() >= 400 && errors.push(`${response.status()} ${response.url()}`));
  page.on("request", (request) => /^https?:/.test(request.url()) && new URL(request.url()).host !== new URL(url).host
    && errors.push(`elsewhere: ${request.url()}`));
  if (token) await page.context().addCookies([{ name: "pacs_token", value: token, url }]);
  await closeNotices(page);
  const found = [];
  await page.goto(`${url}/viewer/viewer?StudyInstanceUIDs=${studies.join(",")}`);
  for (const step of steps) found.push(await take(page, step));
  return { steps: found, errors };
}

/** From the page without a study to the first image: seconds. */
export async function first_image({ page, url, files, shows }) {
  await closeNotices(page);
  const began = Date.now();
  await page.goto(url);
  await page.getByRole("heading", { name: "No studies yet" }).waitFor();
  await page.locator('[data-choose="files"]').first().setInputFiles(files);
  await page.locator(".links a").first().click();
  await page.getByRole("link", { name: "Open in viewer" }).click();
  const { difference: far } = await take(page, { shows });
  return { seconds: (Date.now() - began) / 1000, difference: far };
}
