// Trades a token for a cookie, and goes back to the page that asked for it.
import { language, t } from "./texts.js";

const next = new URLSearchParams(location.search).get("next");

const isKnown = async () => {
  const answer = await fetch("/api/me", { cache: "no-store" });
  return answer.ok && (await answer.json()).role !== "anybody";
};

/** A cookie that is no longer known shuts out even those who need none: it goes. */
async function goOnWithoutToken() {
  if (!await isKnown()) {
    await fetch("/logout", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    if (!await isKnown()) return;
  }
  goOn();
}

/** To where one came from, as long as that is ours. */
function goOn() {
  const wanted = new URL(next ?? "/", location.origin);
  location.replace(wanted.origin === location.origin ? wanted.href : "/");
}

// Only who was sent here: the others come to trade another token.
const withoutToken = next === null ? null : goOnWithoutToken().catch(() => {});
document.documentElement.lang = language();
for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);

document.getElementById("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  await withoutToken;
  const problem = document.getElementById("login-problem");
  const token = document.getElementById("token").value.trim();
  const response = await fetch("/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  }).catch(() => null);
  if (response?.ok) {
    goOn();
    return;
  }
  problem.hidden = false;
  problem.textContent = t(response?.status === 401 ? "noSuchToken" : "away");
});
