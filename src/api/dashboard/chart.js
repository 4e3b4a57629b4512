// The chart of one symbol: its price and moving average per second, and its moves as markers.

import * as format from "./format.js";

const BACK = 600;
// Candle intervals of the history, finest first; coarser ones fill in further back.
const INTERVALS = [["1s", 1], ["1m", 60], ["1h", 3600]];
const ENOUGH = 60;
const LABEL_PX = 36;
const POINTS_MAX = 3600;
// Bounds of the visible range, in seconds.
const SIGHT = [90, 300];

export class Chart {
  #chart;
  #price;
  #average;
  #markers;
  #element;
  #symbol = null;
  #last = 0;
  #digits = -1;
  #times = [];
  // Whether the service stores history.
  hasHistory = true;

  constructor(element) {
    const { createChart, LineSeries, LineStyle, createSeriesMarkers } = LightweightCharts;
    this.#element = element;
    this.#chart = createChart(element, {
      autoSize: true,
      // Below the chart; and the logo would be markup out of a string.
      layout: { attributionLogo: false },
      localization: { timeFormatter: second => format.moment(second * 1000) },
      timeScale: {
        timeVisible: true,
        secondsVisible: true,
        rightOffset: 3,
        borderVisible: false,
        tickMarkFormatter: (second, type) => format.mark(second * 1000, type),
      },
      rightPriceScale: { borderVisible: false },
    });
    // On a small screen the page scrolls, not the chart.
    const small = matchMedia("(max-width: 1100px)");
    const roam = () => {
      const own = !small.matches;
      this.#chart.applyOptions({ handleScroll: { mouseWheel: own, vertTouchDrag: own }, handleScale: { mouseWheel: own } });
    };
    small.addEventListener("change", roam);
    roam();
    this.#average = this.#chart.addSeries(LineSeries, {
      lineWidth: 1,
      lineStyle: LineStyle.Dashed,
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerVisible: false,
    });
    this.#price = this.#chart.addSeries(LineSeries, { lineWidth: 2 });
    this.#markers = createSeriesMarkers(this.#price, []);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.#colour());
    this.#colour();
  }

  get symbol() {
    return this.#symbol;
  }

  /** Show a symbol from its row and the service's history. row: null for an unknown symbol. */
  show(symbol, row) {
    this.#symbol = symbol;
    this.#digits = -1;
    this.#set([], row);
    this.#sight();
    if (row !== null) this.#fill(symbol, row);
  }

  /** Fill gaps from the history without moving the view. */
  refill(row) {
    this.#fill(this.#symbol, row);
  }

  /** Write the times anew, after the zone has changed. */
  rewrite() {
    this.#chart.applyOptions({ localization: { timeFormatter: second => format.moment(second * 1000) } });
    this.#chart.timeScale().applyOptions({ tickMarkFormatter: (second, type) => format.mark(second * 1000, type) });
  }

  /** Scroll to a time. */
  look(ms) {
    const at = this.#times.findIndex(time => time >= Math.floor(ms / 1000));
    if (at >= 0) this.#chart.timeScale().scrollToPosition(Math.min(3, at - (this.#times.length - 1) + 20), false);
  }

  update(row) {
    const second = Math.floor(row.time / 1000);
    if (second < this.#last) return;
    this.#precision(row.digits);
    this.#price.update({ time: second, value: row.price });
    this.#average.update({ time: second, value: row.average });
    if (second > this.#last) this.#times.push(second);
    this.#last = second;
    if (this.#times.length > POINTS_MAX) this.#trim();
  }

  /** moves: of this symbol, oldest first. */
  mark(moves) {
    const markers = moves
      .filter(move => move.at / 1000 >= this.first)
      .map(move => {
        const up = move.direction === "up";
        return {
          time: Math.floor(move.at / 1000),
          position: up ? "belowBar" : "aboveBar",
          shape: up ? "arrowUp" : "arrowDown",
          color: this.colours[up ? "up" : "down"],
          text: format.percent(move.percent),
        };
      })
      .sort((one, other) => one.time - other.time);
    this.#markers.setMarkers(markers);
    this.#element.dataset.markers = markers.map(marker => marker.text).join(", ");
  }

  describe(text) {
    this.#element.setAttribute("aria-label", text);
  }

  async #fill(symbol, row) {
    // `.` and `..` would resolve to another path.
    if (!this.hasHistory || symbol === "." || symbol === "..") return;
    let points = [];
    try {
      for (const [interval, seconds] of INTERVALS) {
        const answer = await fetch(`api/prices/${encodeURIComponent(symbol)}/candles?interval=${interval}&order=desc&limit=${BACK}`);
        if (!answer.ok || this.#symbol !== symbol) return;
        const { items } = await answer.json();
        const first = points[0]?.time ?? Infinity;
        // The close of a candle is the price at its end.
        const these = items.reverse().map(item => ({ time: Date.parse(item.start) / 1000 + seconds - 1, value: item.close }));
        points = [...these.filter(point => point.time < first), ...points];
        if (points.length >= ENOUGH) break;
      }
    } catch {
      // The history is optional: without it the chart starts now.
    }
    if (this.#symbol !== symbol) return;
    const before = this.#times.length;
    this.#set(points, row);
    if (before < ENOUGH) this.#sight();
    this.onfill?.();
  }

  #set(history, row) {
    const prices = new Map(history.map(({ time, value }) => [time, value]));
    const known = row === null ? [] : [...row.history()];
    for (const { second, price } of known) prices.set(second, price);
    // Drop points newer than the last tick of the row.
    const last = known.at(-1)?.second ?? 0;
    const data = [...prices].filter(([time]) => time <= last).sort(([one], [other]) => one - other);
    this.#times = data.map(([time]) => time);
    this.first = this.#times[0] ?? Infinity;
    this.#price.setData(data.map(([time, value]) => ({ time, value })));
    this.#average.setData(known.map(({ second, average }) => ({ time: second, value: average })));
    this.#last = last;
    if (row !== null) this.#precision(row.digits);
    this.onset?.();
  }

  #sight() {
    const sight = Math.min(Math.max(this.#times.length, SIGHT[0]), SIGHT[1]);
    const barSpacing = Math.max(1, (this.#element.clientWidth - 70) / sight);
    // Room for the last label.
    this.#chart.timeScale().applyOptions({ barSpacing, rightOffset: Math.ceil(LABEL_PX / barSpacing) });
    this.#chart.timeScale().scrollToRealTime();
  }

  #trim() {
    for (const series of [this.#price, this.#average]) series.setData(series.data().slice(-POINTS_MAX / 2));
    this.#times = this.#times.slice(-POINTS_MAX / 2);
    this.first = this.#times[0];
  }

  #precision(digits) {
    if (digits === this.#digits) return;
    this.#digits = digits;
    const priceFormat = { type: "custom", formatter: value => format.price(value, digits), minMove: 10 ** -digits };
    this.#price.applyOptions({ priceFormat });
    this.#average.applyOptions({ priceFormat });
  }

  #colour() {
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(`--${name}`).trim();
    this.colours = { up: colour("up"), down: colour("down") };
    this.#chart.applyOptions({
      layout: { background: { type: "solid", color: colour("panel") }, textColor: colour("soft"), fontFamily: getComputedStyle(document.body).fontFamily, attributionLogo: false },
      grid: { vertLines: { color: colour("line") }, horzLines: { color: colour("line") } },
    });
    this.#price.applyOptions({ color: colour("accent") });
    this.#average.applyOptions({ color: colour("second") });
    this.onset?.();
  }
}
