// One sensor: its roll-ups as a line in the band of their deviations, with its alarms on the time line.

import * as format from "../format.js";
import { h, s, select, write } from "../shell/dom.js";
import { distance, number, said } from "./states.js";

const WIDTH = 900;
const HEIGHT = 220;
const FOOT = 18;
const SIGMAS = 3;
const INTERVALS = [["1m", "Minutes"], ["1h", "Hours"], ["1d", "Days"]];
const LIMIT = 300;

export class SensorView {
  #key = null;
  #interval = "1m";
  #asked = 0;
  #title = h("h3", { id: "sensor-title", tabindex: -1 });
  #now = h("p", { class: "hint" });
  #picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", preserveAspectRatio: "none" });
  #figures = h("p", { class: "hint rollups" });
  #alarms = h("ol", { class: "alarms", "aria-label": "Alarms of this sensor, newest first" });

  constructor(desk, close) {
    this.element = h("section", { id: "sensor", "aria-labelledby": "sensor-title", hidden: true },
      h("div", { class: "bar tools" },
        h("button", { type: "button", onclick: close }, "← All machines"), this.#title,
        select("Roll-ups", INTERVALS, this.#interval, value => { this.#interval = value; this.load(); })),
      this.#now, this.#picture, this.#figures, this.#alarms);
  }

  get key() {
    return this.#key;
  }

  show(sensor) {
    const key = sensor === null ? null : `${sensor.machineId}/${sensor.sensorType}`;
    const changed = key !== this.#key;
    this.#key = key;
    this.element.hidden = key === null;
    if (key === null) return;
    write(this.#title, key);
    write(this.#now, `${said(sensor)} ${distance(sensor)} · mean ${number(sensor.mean)} · σ ${number(sensor.std)} · ${format.moment(Date.parse(sensor.lastReadingTime))}`);
    if (changed) this.load();
  }

  async load() {
    const key = this.#key;
    if (key === null) return;
    this.#asked += 1;
    const asked = this.#asked;
    const path = key.split("/").map(encodeURIComponent).join("/");
    try {
      const [rollups, alarms] = await Promise.all([
        answered(`api/machines/${path}/rollups?interval=${this.#interval}&order=desc&limit=${LIMIT}`),
        answered(`api/alerts?subject=readings&key=${encodeURIComponent(key)}&limit=100`),
      ]);
      if (asked === this.#asked) this.#draw(rollups.reverse(), alarms);
    } catch {}  // The stream reports a lost connection.
  }

  #draw(rollups, alarms) {
    this.#picture.replaceChildren();
    this.#alarms.replaceChildren(...alarms.map(line));
    write(this.#figures, rollups.length === 0 ? "No roll-up is stored." : "");
    if (rollups.length === 0) return;
    const times = rollups.map(each => Date.parse(each.start));
    const low = Math.min(...rollups.map(each => Math.min(each.min, each.avg - SIGMAS * each.std)));
    const high = Math.max(...rollups.map(each => Math.max(each.max, each.avg + SIGMAS * each.std)));
    const [first, last] = [times[0], times.at(-1)];
    const x = at => (last === first ? WIDTH / 2 : ((at - first) / (last - first)) * WIDTH);
    const y = value => (high === low ? HEIGHT / 2 : (HEIGHT - FOOT) * (1 - (value - low) / (high - low)));
    const upper = rollups.map((each, at) => `${x(times[at])},${y(each.avg + SIGMAS * each.std)}`);
    const lower = rollups.map((each, at) => `${x(times[at])},${y(each.avg - SIGMAS * each.std)}`).reverse();
    this.#picture.append(
      s("polygon", { class: "band", points: [...upper, ...lower].join(" ") }),
      s("polyline", { class: "mean", points: rollups.map((each, at) => `${x(times[at])},${y(each.avg)}`).join(" ") }));
    const shown = alarms.map(each => Date.parse(each.raisedAt)).filter(at => at >= first);
    for (const at of shown) this.#picture.append(s("path", { class: "alarm", d: `M${Math.min(x(at), WIDTH)},${HEIGHT - FOOT} l-5,14 h10 z` }));
    const text = `${rollups.length} roll-ups from ${format.moment(first)} to ${format.moment(last)}, ${number(low)} to ${number(high)} with ±${SIGMAS} σ; ${shown.length} alarms`;
    this.#picture.setAttribute("aria-label", text);
    write(this.#figures, text);
  }
}

async function answered(path) {
  const answer = await fetch(path);
  return answer.ok ? (await answer.json()).items : [];
}

const line = alert => h("li", { "data-severity": alert.severity },
  h("span", { class: "severity" }, alert.severity), ` ${format.moment(Date.parse(alert.raisedAt))} `, `${alert.state}: ${alert.ruleName}, ${alert.explanation}`);
