// What somebody has chosen, remembered in this browser.

const PREFIX = "marketdata.";

/** What was remembered under a name; `otherwise` if nothing was, or storage is refused. */
export function preference(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Remember a choice; null forgets it. Announced as the window's event `preference`. */
export function prefer(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {}  // The choice holds until the page is closed.
  dispatchEvent(new CustomEvent("preference", { detail: { name, value } }));
}
