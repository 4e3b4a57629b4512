// Who is signed in, and how they stay so. Without sign-in the service has none of these routes.

const REFRESH_MS = 240_000;
// Says only that somebody has signed in here. Without sign-in nobody has, and nothing is asked.
const FLAG = "marketdata.signed-in";

/** Ask the service to change something. The header shows that the request comes from this page. */
export const send = (method, path, body, headers = {}, signal = undefined) =>
  fetch(path, {
    method,
    signal,
    headers: { "X-Marketdata-Request": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });

export const post = (path, body) => send("POST", path, body);

/** Whether whoever has signed in here before still is. */
export async function resume() {
  if (localStorage.getItem(FLAG) === null) return false;
  const answer = await post("api/auth/refresh", {}).catch(() => null);
  if (answer?.status === 401) localStorage.removeItem(FLAG);
  return answer?.ok === true;
}

export const remember = () => localStorage.setItem(FLAG, "1");

function leave() {
  localStorage.removeItem(FLAG);
  location.replace("sign-in");
}

async function refresh() {
  const answer = await post("api/auth/refresh", {}).catch(() => null);
  if (answer?.status === 401) leave();
}

let asked = null;

/** Who is signed in: { name, role }, or null without sign-in. */
export function account() {
  asked ??= localStorage.getItem(FLAG) === null ? Promise.resolve(null) : ask();
  return asked;
}

async function ask() {
  const answer = await fetch("api/auth/me").catch(() => null);
  return answer?.ok ? await answer.json() : null;
}

/** Show who is signed in. element: with a place for the name, and a button to sign out. */
export async function showAccount(element) {
  const who = await account();
  if (who === null) return;
  const { name, role } = who;
  element.querySelector("span").textContent = name;
  element.title = `Signed in as ${name}, ${role}`;
  element.hidden = false;
  setInterval(refresh, REFRESH_MS);
  // Timers sleep while the machine does.
  addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
  element.querySelector("button").addEventListener("click", async () => {
    await post("api/auth/sign-out", {}).catch(() => null);
    leave();
  });
}
