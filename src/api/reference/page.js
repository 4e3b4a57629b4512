const make = (tag, text, ...children) => {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  node.append(...children);
  return node;
};
const shown = example => typeof example === "string" ? example : JSON.stringify(example, null, 2);
const quoted = text => "'" + text.replaceAll("'", "'\\''") + "'";
const curl = (method, path, operation) => {
  const filled = path.replace("{symbol}", "AAPL");
  const body = Object.entries(operation.requestBody?.content ?? {})[0];
  const data = body ? ` -H ${quoted("Content-Type: " + body[0])} -d ${quoted(JSON.stringify(body[1].example))}` : "";
  const verb = ["get", "post"].includes(method) ? "" : `-X ${method.toUpperCase()} `;
  return `curl -s ${verb}${location.origin}${filled}${data}`;
};
const section = (path, method, operation) => {
  const inside = make("div");
  inside.className = "inside";
  inside.append(make("pre", curl(method, path, operation)));
  if (operation.parameters) {
    inside.append(make("h3", "Parameters"), make("table", "", ...operation.parameters.map(one =>
      make("tr", "", make("td", "", make("code", one.name)), make("td", one.description)))));
  }
  for (const [type, { example }] of Object.entries(operation.requestBody?.content ?? {})) {
    inside.append(make("h3", `Body, ${type}`));
    if (example) inside.append(make("pre", shown(example)));
  }
  for (const [status, answer] of Object.entries(operation.responses)) {
    inside.append(make("h3", `${status}: ${answer.description}`));
    for (const { example } of Object.values(answer.content ?? {})) if (example) inside.append(make("pre", shown(example)));
  }
  const name = make("b", method.toUpperCase());
  name.className = method;
  const summary = make("summary", "", name, make("code", path), ` ${operation.summary}`);
  return make("details", "", summary, inside);
};
fetch("/schema/openapi.json").then(answer => answer.json()).then(doc => {
  document.getElementById("about").textContent = `${doc.info.summary} ${doc.info.description} Version ${doc.info.version}.`;
  for (const [path, methods] of Object.entries(doc.paths))
    for (const [method, operation] of Object.entries(methods))
      document.getElementById("routes").append(section(path, method, operation));
  const search = document.getElementById("search");
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const route of document.querySelectorAll("details"))
      route.hidden = !words.every(word => route.textContent.toLowerCase().includes(word));
  });
}).catch(error => { document.getElementById("about").textContent = `The document could not be loaded: ${error}`; });
