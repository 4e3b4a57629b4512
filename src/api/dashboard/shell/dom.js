// Builds elements. Text is always text: nothing here turns a string into markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("button", { type: "button", onclick: act }, "Save"). Attributes that are null or false are left out. */
export const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

/** The same for SVG. */
export const s = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

function fill(element, attributes = {}, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null));
  return element;
}

/** Write a text where it differs, so that nothing is laid out or announced again without need. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that is on or off. changed(on) */
export function toggle(label, on, changed, attributes = {}) {
  const button = h("button", { type: "button", class: "toggle", "aria-pressed": `${on}`, ...attributes }, label);
  button.addEventListener("click", () => {
    const now = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", `${now}`);
    changed(now);
  });
  return button;
}

/** A select with its label in front. options: [value, text] each. changed(value) */
export function select(label, options, value, changed) {
  const field = h("select", { "aria-label": label }, ...options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  field.addEventListener("change", () => changed(field.value));
  return field;
}
