// The page where people sign in. The service keeps them signed in by cookies that no script can read.

import { post, remember, resume } from "./account.js";

// The access token has expired, and the session has not.
if (await resume()) location.replace("./");

for (const form of document.forms) {
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const alert = form.querySelector("[role=alert]");
    const button = form.querySelector("button");
    alert.hidden = true;
    button.disabled = true;
    try {
      const answer = await post(`api/auth/${form.id}`, Object.fromEntries(new FormData(form)));
      if (answer.ok) {
        remember();
        location.replace("./");
        return;
      }
      alert.textContent = (await answer.json()).detail;
    } catch {
      alert.textContent = "The service does not answer.";
    }
    alert.hidden = false;
    button.disabled = false;
  });
}
