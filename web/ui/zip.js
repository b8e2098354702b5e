// Reads zip archives in the page: the directory at the end, then each file as it is wanted (APPNOTE 6.3).

const kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50, kEntry = 0x02014b50, kLocal = 0x04034b50;
const kNeeds64 = 0xffffffff;
const kDirectoryMax = 256 << 20;  // bytes: a million files

const viewOf = async (blob, begin, end) => new DataView(await blob.slice(begin, end).arrayBuffer());
const long = (view, at) => Number(view.getBigUint64(at, true));

async function findDirectory(file) {
  const begin = Math.max(0, file.size - 65557);  // a comment may follow
  const view = await viewOf(file, begin, file.size);
  for (let at = view.byteLength - 22; at >= 0; --at) {
    if (view.getUint32(at, true) !== kEnd) continue;
    let bytes = view.getUint32(at + 12, true), offset = view.getUint32(at + 16, true);
    if (at >= 20 && view.getUint32(at - 20, true) === kLocator64) {
      const end = long(view, at - 20 + 8);
      const wide = await viewOf(file, end, end + 56);
      if (wide.byteLength === 56 && wide.getUint32(0, true) === kEnd64) {
        bytes = long(wide, 40);
        offset = long(wide, 48);
      }
    }
    if (offset + bytes <= file.size && bytes <= kDirectoryMax) return { offset, bytes };
  }
  return null;
}

/** Sizes of 64 bits stand in an extra field, only those that do not fit (APPNOTE 4.5.3). */
function wideSizes(view, at, bytes, entry) {
  for (const end = at + bytes; at + 4 <= end;) {
    const id = view.getUint16(at, true), length = view.getUint16(at + 2, true);
    let from = at + 4;
    for (const name of id === 1 ? ["size", "packed", "offset"] : []) {
      if (entry[name] !== kNeeds64 || from + 8 > at + 4 + length) continue;
      entry[name] = long(view, from);
      from += 8;
    }
    at += 4 + length;
  }
}

/** The files of an archive: [{name, size, open()}], or null when it is none. */
export async function readZip(file) {
  const directory = await findDirectory(file);
  if (!directory) return null;
  const view = await viewOf(file, directory.offset, directory.offset + directory.bytes);
  const entries = [];
  for (let at = 0; at + 46 <= view.byteLength && view.getUint32(at, true) === kEntry;) {
    const nameBytes = view.getUint16(at + 28, true), extra = view.getUint16(at + 30, true);
    const entry = { flags: view.getUint16(at + 8, true), method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true), size: view.getUint32(at + 24, true), offset: view.getUint32(at + 42, true) };
    if (at + 46 + nameBytes + extra > view.byteLength) break;
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, at + 46, nameBytes));
    wideSizes(view, at + 46 + nameBytes, extra, entry);
    if (!name.endsWith("/")) entries.push({ name, size: entry.size, open: () => open(file, entry) });
    at += 46 + nameBytes + extra + view.getUint16(at + 32, true);
  }
  return entries;
}

/** A file's content as a Blob. */
async function open(file, { flags, method, packed, size, offset }) {
  if (flags & 1) throw new Error("zipEncrypted");
  if (method !== 0 && method !== 8) throw new Error("zipMethod");
  const head = await viewOf(file, offset, offset + 30);
  if (head.byteLength !== 30 || head.getUint32(0, true) !== kLocal) throw new Error("zipDamaged");
  const begin = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const content = file.slice(begin, begin + packed);
  if (method === 0) return content;
  try {
    return await inflated(content, size);
  } catch {
    throw new Error("zipDamaged");
  }
}

/** Not more than the directory says: what would be more is damaged, or meant to fill the memory. */
async function inflated(content, size) {
  const reader = content.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces = [];
  for (let bytes = 0;;) {
    const { done, value } = await reader.read();
    if (done) {
      if (bytes !== size) throw new Error("size");
      return new Blob(pieces);
    }
    bytes += value.byteLength;
    if (bytes > size) {
      await reader.cancel();
      throw new Error("size");
    }
    pieces.push(value);
  }
}
