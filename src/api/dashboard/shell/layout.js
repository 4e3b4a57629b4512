// Where the panels are: the watch list beside the chart, the others as tabs in a dock below or to the right of it.
// On a phone one panel fills the screen, and a bar at the bottom leads to the others.

import { h, write } from "./dom.js";
import { prefer, preference } from "./preferences.js";
import { splitter } from "./splitter.js";

const WIDE = matchMedia("(min-width: 1800px)");

export class Layout {
  #desk;
  #main;
  #nav;
  #views = new Map();
  #tabs = h("div", { role: "tablist", "aria-label": "Panels of the dock" });
  #dock = h("section", { id: "dock", "aria-label": "Dock" }, this.#tabs);
  #active = preference("tab", null);

  constructor(desk, main, nav) {
    this.#desk = desk;
    this.#main = main;
    this.#nav = nav;
    main.append(
      h("div", { id: "side" }),
      splitter("side", { label: "Width of the prices", vertical: true, least: 260, usual: Math.round(Math.min(760, innerWidth * 0.36)), sign: 1 }),
      h("div", { id: "stage" }),
      splitter("dock-height", { label: "Height of the dock", vertical: false, least: 90, usual: 250, sign: -1 }),
      splitter("dock-width", { label: "Width of the dock", vertical: true, least: 260, usual: 480, sign: -1 }),
      this.#dock,
    );
    this.#tabs.addEventListener("keydown", event => this.#tabKey(event));
    WIDE.addEventListener("change", () => this.#place());
    this.#place();
    this.show("prices");
  }

  /** Add a panel of the registry: { id, title, place, open(desk) }. */
  add({ id, title, place, open }) {
    if (this.#views.has(id)) return;
    const view = open(this.#desk);
    const count = h("span", { class: "badge" });
    const button = h("button", { type: "button", "data-panel": id, onclick: () => this.show(id) }, title, count);
    const box = h("div", { class: "panel", "data-panel": id }, view.element);
    const found = { view, box, button, badges: [count], tab: null };
    this.#views.set(id, found);
    this.#nav.append(button);
    if (place === "dock") {
      const badge = h("span", { class: "badge" });
      found.badges.push(badge);
      found.tab = h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, onclick: () => this.#select(id, true) }, title, badge);
      for (const [name, value] of [["id", `panel-${id}`], ["role", "tabpanel"], ["aria-labelledby", `tab-${id}`]]) box.setAttribute(name, value);
      this.#tabs.append(found.tab);
      this.#dock.append(box);
      if (this.#active === id || this.#tabs.children.length === 1) this.#select(id, false);
      else this.#mark();
    } else {
      document.getElementById(place).append(box);
    }
    this.#desk.command({ title: `Show ${title.toLowerCase()}`, run: () => this.show(id, true) });
    this.#markShown();
  }

  view(id) {
    return this.#views.get(id)?.view;
  }

  /** Show a panel, wherever it is. focused: and move the focus there. */
  show(id, focused = false) {
    document.body.dataset.showing = id;
    const found = this.#views.get(id);
    if (found?.tab) this.#select(id, true);
    this.#markShown();
    if (focused) (found?.tab?.checkVisibility() ? found.tab : (found?.view.element)).focus();
  }

  /** Draw the panels that can be seen. */
  draw(now) {
    for (const { view, box, badges } of this.#views.values()) {
      const badge = view.badge?.() ?? "";
      for (const element of badges) write(element, badge);
      if (box.checkVisibility()) view.draw?.(now);
    }
  }

  /** Where the dock is: "below" the chart, to the "right" of it, or null for what suits the screen. */
  dock(where) {
    prefer("dock", where);
    this.#place();
  }

  #place() {
    this.#main.dataset.dock = preference("dock", null) ?? (WIDE.matches ? "right" : "below");
  }

  #select(id, chosen) {
    this.#active = id;
    if (chosen) prefer("tab", id);
    this.#mark();
  }

  #mark() {
    const active = this.#views.get(this.#active)?.tab ? this.#active : null;
    for (const [id, { tab, box }] of this.#views) {
      if (tab === null) continue;
      tab.setAttribute("aria-selected", `${id === active}`);
      tab.tabIndex = id === active ? 0 : -1;
      box.dataset.active = `${id === active}`;
    }
  }

  #markShown() {
    for (const [id, { button, box }] of this.#views) {
      box.dataset.shown = `${id === document.body.dataset.showing}`;
      if (id === document.body.dataset.showing) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  #tabKey(event) {
    const tabs = [...this.#tabs.children];
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    tab.click();
  }
}
