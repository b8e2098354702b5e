// Files out of what was dropped or chosen: folders are walked, zips are opened, one after the other, so that
// many thousands of them do not hold up the page.
import { readZip } from "./zip.js";

const kRestEvery = 200;  // files, after which the page may draw

const rest = () => new Promise((done) => setTimeout(done));

/** {name, size, open()} of each, through `take`; `refuse(name, why)` for what cannot be read. */
async function takeFile(file, path, take, refuse) {
  if (!/\.zip$/i.test(file.name)) {
    take({ name: path, size: file.size, open: async () => file });
    return;
  }
  const entries = await readZip(file).catch(() => null);
  if (!entries) {
    refuse(path, "zipDamaged");
    return;
  }
  for (const [at, entry] of entries.entries()) {
    take({ ...entry, name: `${path}/${entry.name}` });
    if (at % kRestEvery === kRestEvery - 1) await rest();
  }
}

const asFile = (entry) => new Promise((done, failed) => entry.file(done, failed));

async function* children(folder) {
  const reader = folder.createReader();
  for (;;) {  // gives a hundred at a time
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return;
    yield* some;
  }
}

async function takeEntry(entry, take, refuse) {
  const path = entry.fullPath.replace(/^\//, "");
  try {
    if (entry.isDirectory) {
      for await (const child of children(entry)) await takeEntry(child, take, refuse);
    } else {
      await takeFile(await asFile(entry), path, take, refuse);
    }
  } catch {
    refuse(path, "unreadable");
  }
}

/** What a drop holds; read in the event itself, after which it is gone. */
export function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = entries.length ? [] : [...transfer.files];
  return async (take, refuse) => {
    for (const entry of entries) await takeEntry(entry, take, refuse);
    await chosen(files)(take, refuse);
  };
}

/** What a file input holds. */
export function chosen(files) {
  return async (take, refuse) => {
    for (const [at, file] of files.entries()) {
      await takeFile(file, file.webkitRelativePath || file.name, take, refuse);
      if (at % kRestEvery === kRestEvery - 1) await rest();
    }
  };
}
