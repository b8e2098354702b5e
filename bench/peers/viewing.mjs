// node viewing.mjs BASE STUDY COUNT: opens a study in the viewer, and prints the seconds until its first image
// is seen and until COUNT frames have come.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../tests/interop/pages/package.json", import.meta.url))("playwright-core");
const [base, study, count] = process.argv.slice(2);
const kSecondsMax = 120;

/** In the page: when the middle of the canvas first shows something. */
function watchCanvas() {
  const look = () => {
    const shown = document.querySelector("canvas.cornerstone-canvas");
    if (shown?.width > 100) {
      const context = new OffscreenCanvas(32, 32).getContext("2d");
      context.drawImage(shown, shown.width / 2 - 16, shown.height / 2 - 16, 32, 32, 0, 0, 32, 32);
      const { data } = context.getImageData(0, 0, 32, 32);
      if (data.some((value, at) => at % 4 !== 3 && value > 40)) {
        window.firstImage = performance.now();
        return;
      }
    }
    requestAnimationFrame(look);
  };
  if (!globalThis.localStorage) return;
  sessionStorage.setItem("investigationalUseDialog", "hidden");
  requestAnimationFrame(look);
}

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(watchCanvas);
  const came = new Set();
  let begun, ended;
  const all = new Promise((done, failed) => {
    setTimeout(() => failed(new Error(`${came.size} of ${count} frames came`)), kSecondsMax * 1000);
    const answered = new Set();
    page.on("response", (response) => response.status() === 200 && answered.add(response.request()));
    const end = (request) => {
      if (!answered.has(request) || !/\/frames\/\d+$/.test(new URL(request.url()).pathname)) return;
      came.add(request.url());
      ended = performance.now();
      if (came.size >= Number(count)) done();
    };
    page.on("requestfinished", end);
    page.on("requestfailed", end);  // the viewer cancels what has a length once it has all of it
  });
  begun = performance.now();
  await page.goto(`${base}/viewer/viewer?StudyInstanceUIDs=${study}`);
  const first = await page.waitForFunction(() => window.firstImage, null, { timeout: kSecondsMax * 1000 });
  await all;
  console.log(JSON.stringify({ first_image: (await first.jsonValue()) / 1000, all_images: (ended - begun) / 1000 }));
} finally {
  await browser.close();
}
process.exit(0);
