// The welcome panel: how to send a tick.

/** line: element that shows the command. button: copies it. */
export function welcome(line, button) {
  const curl = `curl -X POST ${new URL("api/prices", document.baseURI)} -H 'Content-Type: application/json' -d '{"symbol":"AAPL","price":101.5}'`;
  line.textContent = curl;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(curl);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(line);
    }
  });
}
