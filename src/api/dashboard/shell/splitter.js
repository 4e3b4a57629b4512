// A bar between two panels that is dragged, or moved with the arrow keys; where it was left is remembered.

import { h } from "./dom.js";
import { prefer, preference } from "./preferences.js";

const STEP_PX = 16;
const MANY = 4;
// What the panels on the other side keep of the window.
const KEPT_PART = 0.25;

/** name: of the CSS variable with the size. usual, least: px. sign: 1 where the sized panel is before the bar, else -1. */
export function splitter(name, { label, vertical, least, usual, sign }) {
  const bar = h("div", {
    class: "splitter", id: `split-${name}`, role: "separator", tabindex: 0, "aria-label": label, "aria-valuemin": least,
    "aria-orientation": vertical ? "vertical" : "horizontal", title: "Drag, or use the arrow keys; double-click for the usual size",
  });
  const most = () => Math.max(least, Math.round((vertical ? innerWidth : innerHeight) * (1 - KEPT_PART)));
  let size = usual;

  function set(px, kept = true) {
    size = Math.max(least, Math.min(most(), Math.round(px)));
    document.documentElement.style.setProperty(`--${name}`, `${size}px`);
    bar.setAttribute("aria-valuenow", size);
    bar.setAttribute("aria-valuemax", most());
    if (kept) prefer(name, size === usual ? null : size);
  }

  const along = event => (vertical ? event.clientX : event.clientY);
  bar.addEventListener("pointerdown", down => {
    const [from, before] = [along(down), size];
    bar.setPointerCapture(down.pointerId);
    const move = event => set(before + sign * (along(event) - from));
    bar.addEventListener("pointermove", move);
    bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", move), { once: true });
  });
  bar.addEventListener("dblclick", () => set(usual));
  bar.addEventListener("keydown", event => {
    const step = (event.shiftKey ? MANY : 1) * STEP_PX * sign;
    const [less, more] = vertical ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const to = { [less]: size - step, [more]: size + step, Home: least, End: most(), Enter: usual }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(to);
  });
  // A window that has become smaller leaves room for the others.
  addEventListener("resize", () => set(preference(name, usual), false));
  addEventListener("preference", ({ detail }) => detail.name === name && detail.value === null && size !== usual && set(usual, false));
  set(preference(name, usual), false);
  return bar;
}
