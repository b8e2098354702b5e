// What the server says of itself, asked for every five seconds while the page is seen. Sends "change".
import { get } from "./api.js";
import { every } from "./dom.js";

const kPeriodMs = 5000;

export const status = new EventTarget();
let newest;
export const latest = () => newest;

export async function look() {
  newest = await get("/api/status");
  status.dispatchEvent(new Event("change"));
}

export function watch() {
  every(kPeriodMs, look, new AbortController().signal);
  return look().catch(() => {});
}
