// A small chart: lines and bars over numbers or times, with marks, and values that are read out under the pointer or by keys.

import { h, s, write } from "../shell/dom.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [56, 12, 10, 22];
const TICKS = 5;

export class Figure {
  #svg = s("svg", { role: "img" });
  #read = h("p", { class: "readout", "aria-live": "off" });
  #legend = h("p", { class: "keys" });
  #drawn = null;
  #at = null;
  #cursor = null;
  #x = () => 0;
  #xs = [];

  constructor(title) {
    const stage = h("div", { class: "figure-stage", tabindex: 0, role: "application", "aria-label": `${title}: arrow keys read values` }, this.#svg);
    this.element = h("figure", { "data-figure": title }, h("figcaption", {}, h("strong", {}, title), this.#legend, this.#read), stage);
    this.title = title;
    new ResizeObserver(() => this.#drawn !== null && this.draw(this.#drawn)).observe(stage);
    stage.addEventListener("pointermove", event => this.#near(event));
    stage.addEventListener("pointerleave", () => this.#point(null));
    stage.addEventListener("keydown", event => this.#key(event));
    stage.addEventListener("blur", () => this.#point(null));
  }

  /**
   * series: { name, kind: "line" or "bars", points: [x, y] sorted by x, y null for a gap }. marks: { x, name }.
   * showX, showY: a text of a value. fromZero: whether 0 is in sight.
   */
  draw(drawn) {
    this.#drawn = drawn;
    const { series, marks = [], showX, showY, fromZero = false } = drawn;
    const width = this.#svg.parentNode.clientWidth;
    const height = this.#svg.parentNode.clientHeight;
    const points = series.flatMap(each => each.points.filter(([, y]) => y !== null));
    this.#legend.replaceChildren(...series.map(({ name, kind }, at) => h("span", { class: `key s${at} ${kind}` }, name)));
    this.#svg.setAttribute("aria-label", `${this.title}: ${points.length === 0 ? "nothing yet" : series.map(each => each.name).join(", ")}`);
    if (width === 0 || height === 0 || points.length === 0) {
      this.#svg.replaceChildren();
      this.#xs = [];
      return;
    }
    this.#xs = [...new Set(points.map(([x]) => x))].sort((one, other) => one - other);
    const gap = (this.#xs.at(-1) - this.#xs[0]) / Math.max(1, this.#xs.length - 1) || 1;
    const hasBars = series.some(each => each.kind === "bars");
    const [x0, x1] = [this.#xs[0] - (hasBars ? gap / 2 : 0), this.#xs.at(-1) + (hasBars ? gap / 2 : 0)];
    const ys = points.map(([, y]) => y);
    const [least, most] = [Math.min(...ys, ...(fromZero ? [0] : [])), Math.max(...ys, ...(fromZero ? [0] : []))];
    const room = (most - least || Math.abs(most) || 1) * 0.06;
    const [y0, y1] = [fromZero && least === 0 ? 0 : least - room, most + room];
    const x = (this.#x = value => LEFT + ((value - x0) / (x1 - x0 || 1)) * (width - LEFT - RIGHT));
    const y = value => height - BOTTOM - ((value - y0) / (y1 - y0)) * (height - TOP - BOTTOM);
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const parts = [];
    for (const value of ticks(y0, y1)) {
      parts.push(s("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
      parts.push(s("text", { class: "y", x: LEFT - 6, y: y(value) + 4 }, showY(value)));
    }
    for (const value of spread(this.#xs, Math.max(2, Math.floor(width / 110)))) parts.push(s("text", { class: `x ${x(value) > width - 40 ? "left" : ""}`, x: Math.min(x(value), width - 2), y: height - 6 }, showX(value)));
    const bars = series.filter(each => each.kind === "bars");
    const wide = Math.max(1, ((width - LEFT - RIGHT) / ((x1 - x0) / gap || 1)) * 0.8 / Math.max(1, bars.length));
    series.forEach((each, at) => {
      if (each.kind === "bars") parts.push(...barsOf(each, at, bars.indexOf(each), bars.length, wide, x, y, y(Math.max(y0, Math.min(y1, 0)))));
      else parts.push(s("path", { class: `line s${at}`, d: pathOf(each.points, x, y) }));
    });
    for (const [row, { x: value, name }] of marks.filter(each => each.x !== null && each.x >= x0 && each.x <= x1).entries()) {
      const isRight = x(value) > width - 90;
      parts.push(s("line", { class: "mark", x1: x(value), x2: x(value), y1: TOP, y2: height - BOTTOM }));
      parts.push(s("text", { class: `mark ${isRight ? "left" : ""}`, x: x(value) + (isRight ? -4 : 4), y: TOP + 10 + 13 * row }, name));
    }
    this.#cursor = s("line", { class: "cursor", y1: TOP, y2: height - BOTTOM, hidden: true });
    this.#svg.replaceChildren(...parts, this.#cursor);
    this.#point(this.#at);
  }

  #near({ offsetX }) {
    if (this.#xs.length === 0) return;
    this.#point(this.#xs.reduce((best, each) => (Math.abs(this.#x(each) - offsetX) < Math.abs(this.#x(best) - offsetX) ? each : best)));
  }

  #key(event) {
    const at = this.#at === null ? -1 : this.#xs.indexOf(this.#at);
    const to = { ArrowRight: Math.min(at + 1, this.#xs.length - 1), ArrowLeft: at < 0 ? this.#xs.length - 1 : Math.max(at - 1, 0), Home: 0, End: this.#xs.length - 1 }[event.key];
    if (to === undefined || this.#xs.length === 0) return;
    event.preventDefault();
    this.#read.setAttribute("aria-live", "polite");
    this.#point(this.#xs[to]);
  }

  #point(at) {
    this.#at = at;
    if (this.#drawn === null || this.#cursor === null) return;
    this.#cursor.toggleAttribute("hidden", at === null);
    if (at === null) {
      this.#read.setAttribute("aria-live", "off");
      write(this.#read, "");
      return;
    }
    const { series, showX, showY } = this.#drawn;
    for (const name of ["x1", "x2"]) this.#cursor.setAttribute(name, this.#x(at));
    const told = series.map(each => [each.name, each.points.find(([x]) => x === at)?.[1] ?? null]).filter(([, y]) => y !== null);
    write(this.#read, `${showX(at)}: ${told.map(([name, y]) => `${name} ${showY(y)}`).join(", ")}`);
  }
}

function barsOf({ points }, at, place, count, wide, x, y, zero) {
  return points.filter(([, value]) => value !== null).map(([key, value]) =>
    s("rect", { class: `bar s${at}`, x: x(key) + (place - count / 2) * wide, width: wide, y: Math.min(y(value), zero), height: Math.max(0.5, Math.abs(y(value) - zero)) }));
}

function pathOf(points, x, y) {
  let pen = "M";
  let path = "";
  for (const [key, value] of points) {
    if (value === null) {
      pen = "M";
      continue;
    }
    path += `${pen}${x(key).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** Round values between two. */
function ticks(from, to) {
  const rough = (to - from) / TICKS;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find(each => each * unit >= rough) * unit;
  const found = [];
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) found.push(Math.abs(value) < step / 1e6 ? 0 : value);
  return found;
}

/** At most so many of some values, evenly. */
const spread = (values, most) => values.filter((_, at) => at % Math.ceil(values.length / most) === 0);
