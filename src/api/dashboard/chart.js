// The chart of one symbol: its price and moving average by the second, and its spikes as markers.

import * as format from "./format.js";

const BACK_SECONDS = 600;
const POINTS_MAX = 3600;
// Seconds in sight: as many as there are, within bounds.
const SIGHT = [90, 300];

export class Chart {
  #chart;
  #price;
  #average;
  #markers;
  #element;
  #symbol = null;
  #last = 0;
  #points = 0;
  #digits = -1;

  constructor(element) {
    const { createChart, LineSeries, LineStyle, createSeriesMarkers } = LightweightCharts;
    this.#element = element;
    this.#chart = createChart(element, {
      autoSize: true,
      localization: { timeFormatter: second => format.moment(second * 1000) },
      timeScale: {
        timeVisible: true,
        secondsVisible: true,
        rightOffset: 3,
        borderVisible: false,
        tickMarkFormatter: second => format.time(second * 1000),
      },
      rightPriceScale: { borderVisible: false },
    });
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

  /** Show a symbol, from what the page knows and, before that, from the service's history. row: null for one unknown. */
  show(symbol, row) {
    this.#symbol = symbol;
    this.#digits = -1;
    this.#set(symbol, [], row);
    if (row !== null) this.#fill(symbol, row);
  }

  update(row) {
    const second = Math.floor(row.time / 1000);
    if (second < this.#last) return;
    this.#precision(row.digits);
    this.#price.update({ time: second, value: row.price });
    this.#average.update({ time: second, value: row.average });
    this.#points += second > this.#last;
    this.#last = second;
    if (this.#points > POINTS_MAX) this.#trim();
  }

  /** moves: of this symbol, old to new. */
  mark(moves) {
    const markers = moves
      .filter(move => move.first / 1000 >= this.first)
      .map(move => {
        const up = move.direction === "up";
        return {
          time: Math.floor(move.first / 1000),
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
    const since = (Math.floor(row.time / 1000) - BACK_SECONDS) * 1000;
    const path = `api/prices/${encodeURIComponent(symbol)}/candles?interval=1s&limit=${BACK_SECONDS}&from=${since}`;
    try {
      const answer = await fetch(path);
      if (!answer.ok || this.#symbol !== symbol) return;
      const { items } = await answer.json();
      if (this.#symbol === symbol) this.#set(symbol, items, row);
    } catch {
      // The history is a bonus: without it the chart begins now.
    }
  }

  #set(symbol, candles, row) {
    const known = row === null ? [] : [...row.history()];
    const start = known[0]?.second ?? Infinity;
    const before = candles
      .map(candle => ({ time: Date.parse(candle.start) / 1000, value: candle.close }))
      .filter(point => point.time < start);
    this.first = before[0]?.time ?? start;
    this.#price.setData([...before, ...known.map(({ second, price }) => ({ time: second, value: price }))]);
    this.#average.setData(known.map(({ second, average }) => ({ time: second, value: average })));
    this.#points = before.length + known.length;
    this.#last = known.at(-1)?.second ?? 0;
    if (row !== null) this.#precision(row.digits);
    const sight = Math.min(Math.max(this.#points, SIGHT[0]), SIGHT[1]);
    this.#chart.timeScale().applyOptions({ barSpacing: (this.#element.clientWidth - 70) / sight });
    this.#chart.timeScale().scrollToRealTime();
    this.onset?.();
  }

  #trim() {
    for (const series of [this.#price, this.#average]) series.setData(series.data().slice(-POINTS_MAX / 2));
    this.first = this.#price.data()[0].time;
    this.#points = POINTS_MAX / 2;
  }

  #precision(digits) {
    if (digits === this.#digits) return;
    this.#digits = digits;
    const priceFormat = { type: "price", precision: digits, minMove: 10 ** -digits };
    this.#price.applyOptions({ priceFormat });
    this.#average.applyOptions({ priceFormat });
  }

  #colour() {
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(`--${name}`).trim();
    this.colours = { up: colour("up"), down: colour("down") };
    this.#chart.applyOptions({
      layout: { background: { type: "solid", color: colour("panel") }, textColor: colour("soft"), fontFamily: "inherit" },
      grid: { vertLines: { color: colour("line") }, horzLines: { color: colour("line") } },
    });
    this.#price.applyOptions({ color: colour("accent") });
    this.#average.applyOptions({ color: colour("second") });
  }
}
