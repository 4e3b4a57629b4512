// Machines as cards with how they stand, one sensor in detail, and a view for a screen on the wall.

import { h, toggle, write } from "../shell/dom.js";
import { SensorView } from "./sensor-view.js";
import { STATES, distance, said } from "./states.js";

const LIMIT = 1000;
const ASK_MS = 5000;

class Machines {
  #desk;
  #cards = h("ul", { id: "machines", "aria-label": "Machines" });
  #none = h("p", { class: "hint pad" }, "No machine so far. Readings come over HTTP or MQTT.");
  #sensor;
  #sensors = new Map();
  #states = new Map();
  #items = new Map();
  #changed = true;
  #asked = 0;

  constructor(desk) {
    this.#desk = desk;
    this.#sensor = new SensorView(desk, () => this.#choose(null));
    this.#cards.addEventListener("click", event => this.#open(event));
    this.element = h("section", { id: "machine-panel", "aria-label": "Machines", tabindex: -1 },
      h("div", { class: "bar tools" }, toggle("Wall", false, on => this.#wall(on), { id: "wall" })),
      this.#none, h("div", { class: "scroll" }, this.#cards, this.#sensor.element));
    desk.on("snapshot", ({ readings }) => readings && this.#take(readings));
    desk.on("readings", ({ readings }) => this.#take(readings));
    desk.on("alert", () => (this.#asked = 0));
  }

  badge() {
    const alerts = [...this.#states.values()].filter(state => state === "alert").length;
    return alerts > 0 ? `${alerts}` : "";
  }

  draw() {
    const now = performance.now();
    if (this.#asked === 0 || now - this.#asked > ASK_MS) {
      this.#asked = now;
      this.#ask();
    }
    if (!this.#changed) return;
    this.#changed = false;
    const machines = new Map();
    for (const [key, sensor] of [...this.#sensors].sort(([one], [other]) => (one < other ? -1 : 1))) {
      if (!machines.has(sensor.machineId)) machines.set(sensor.machineId, []);
      machines.get(sensor.machineId).push([key, sensor]);
    }
    for (const [name, sensors] of machines) this.#fill(name, sensors);
    for (const [name, item] of this.#items) {
      if (machines.has(name)) continue;
      item.remove();
      this.#items.delete(name);
    }
    this.#none.hidden = machines.size > 0;
    if (this.#sensor.key !== null) this.#sensor.show(this.#sensors.get(this.#sensor.key) ?? null);
  }

  #fill(name, sensors) {
    let item = this.#items.get(name);
    if (item === undefined) {
      item = h("li", { "data-machine": name }, h("h3", {}, name), h("p", { class: "state" }), h("ul", { class: "sensors" }));
      this.#items.set(name, item);
      this.#cards.append(item);
    }
    const state = this.#states.get(name) ?? "ok";
    const [, told, list] = item.children;
    item.dataset.state = state;
    write(told, `${STATES[state].sign} ${STATES[state].word}`);
    while (list.children.length > sensors.length) list.lastChild.remove();
    for (const [at, [key, sensor]] of sensors.entries()) {
      if (list.children[at] === undefined) list.append(h("li", {}, h("button", { type: "button" }, ...["type", "value", "distance"].map(part => h("span", { class: part })))));
      const button = list.children[at].firstChild;
      button.dataset.key = key;
      const [type, value, away] = button.children;
      write(type, sensor.sensorType);
      write(value, said(sensor));
      write(away, distance(sensor));
    }
  }

  #take(readings) {
    for (const sensor of readings) this.#sensors.set(`${sensor.machineId}/${sensor.sensorType}`, sensor);
    this.#changed = true;
  }

  async #ask() {
    try {
      const answer = await fetch(`api/machines?limit=${LIMIT}`);
      if (!answer.ok) return;
      const { items } = await answer.json();
      this.#states = new Map(items.map(each => [each.machineId, each.status]));
      const known = new Set(items.flatMap(each => each.sensors.map(type => `${each.machineId}/${type}`)));
      // Those that have been removed.
      if (items.length < LIMIT) for (const key of this.#sensors.keys()) if (!known.has(key)) this.#sensors.delete(key);
      this.#changed = true;
      this.#sensor.load();
    } catch {}  // The stream reports a lost connection.
  }

  #open(event) {
    const button = event.target.closest("button[data-key]");
    if (button !== null) this.#choose(button.dataset.key);
  }

  #choose(key) {
    this.#sensor.show(key === null ? null : this.#sensors.get(key));
    this.#cards.hidden = key !== null;
  }

  #wall(on) {
    document.body.classList.toggle("wall", on);
    if (on) this.element.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement !== null) document.exitFullscreen();
  }
}

export const machines = { id: "machines-tab", title: "Machines", place: "dock", needs: "readings", open: desk => new Machines(desk) };
