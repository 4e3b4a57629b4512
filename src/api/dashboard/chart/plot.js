// The plot: candles or a line, their volume and their moving average, drawn by lightweight-charts.

import { averageAt } from "../data/candles.js";
import * as format from "../format.js";

// Bars in sight at first, and the least that are made room for.
const SIGHT = [60, 150];
const AXIS_PX = 70;
// With fewer bars left of what is seen, older ones are asked for.
const NEAR = 40;
// Parts of the height: above the prices, below them, and below them where there is a volume.
const [ABOVE, BELOW, BELOW_VOLUME, VOLUME] = [0.14, 0.06, 0.24, 0.82];

export class Plot {
  #chart;
  #element;
  #candles = null;
  #kind = "candles";
  #length = 20;
  #price = null;
  #average;
  #volume;
  #markers = null;
  #marks = [];
  #digits = -1;
  #hasVolume = null;
  // The time of the candle that the crosshair was moved to by keys; null for the newest.
  #cursor = null;
  colours = {};

  /** tell: callbacks { hover(index of a candle or null), near(), mark(id), moved() } */
  constructor(element, tell) {
    const { createChart, LineSeries, HistogramSeries, LineStyle } = LightweightCharts;
    this.#element = element;
    this.#chart = createChart(element, {
      autoSize: true,
      // Its authors are named below the chart; the logo would be markup out of a string.
      layout: { attributionLogo: false },
      crosshair: { mode: 0 },
      timeScale: { timeVisible: true, secondsVisible: true, rightOffset: 4, borderVisible: false, minBarSpacing: 0.5 },
      rightPriceScale: { borderVisible: false },
      kineticScroll: { touch: !matchMedia("(prefers-reduced-motion: reduce)").matches },
    });
    this.#volume = this.#chart.addSeries(HistogramSeries, { priceScaleId: "", lastValueVisible: false, priceLineVisible: false });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: VOLUME, bottom: 0 } });
    this.#average = this.#chart.addSeries(LineSeries, {
      lineWidth: 1, lineStyle: LineStyle.Dashed, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false,
    });
    const time = this.#chart.timeScale();
    time.subscribeVisibleLogicalRangeChange(range => {
      if (range !== null && this.#candles?.items.length > 0 && range.from < NEAR) tell.near();
      tell.moved();
    });
    this.#chart.subscribeCrosshairMove(({ time: at, hoveredObjectId, sourceEvent }) => {
      element.classList.toggle("pointing", hoveredObjectId !== undefined);
      if (sourceEvent !== undefined) this.#cursor = null;
      // A change of the view takes the crosshair away, and not the candle that was chosen by keys.
      const time = at ?? this.#cursor;
      tell.hover(time === null ? null : this.#indexOf(time));
    });
    this.#chart.subscribeClick(({ hoveredObjectId }) => hoveredObjectId !== undefined && tell.mark(hoveredObjectId));
    this.#rebuild();
    this.rezone();
    this.colour();
  }

  get pxPerBar() {
    return this.#chart.timeScale().options().barSpacing;
  }

  /** Draw these candles from now on. kept: the view stays where it is, as candles of the same series are set anew. */
  show(candles, kept) {
    this.#candles = candles;
    if (!kept) this.#digits = -1;
    this.#set();
    if (!kept) this.newest();
  }

  /** Draw what has changed of the candles. */
  sync() {
    const changed = this.#candles.takeChanges();
    if (changed === null) {
      this.#set();
      return;
    }
    if (changed.length === 0) return;
    const { items } = this.#candles;
    const drawnTo = this.#price.data().at(-1)?.time ?? -Infinity;
    this.#scale();
    for (const item of changed) {
      const at = items.lastIndexOf(item);
      const older = item.time < drawnTo;
      this.#price.update(this.#point(item), older);
      if (this.#hasVolume) this.#volume.update(this.#bar(item), older);
      const value = this.#length > 0 ? averageAt(items, at, this.#length) : NaN;
      if (!Number.isNaN(value)) this.#average.update({ time: item.time, value }, older);
    }
  }

  /** kind: "candles" or "line". length: of the moving average, 0 for none. */
  style(kind, length) {
    this.#length = length;
    if (kind !== this.#kind) {
      this.#kind = kind;
      this.#rebuild();
      this.colour();
    }
    if (this.#candles !== null) this.#set();
  }

  /** Write the times anew, after the zone has changed. */
  rezone() {
    const seconds = () => (this.#candles?.seconds >= 86_400 ? null : this.#candles?.seconds < 60);
    this.#chart.applyOptions({ localization: { timeFormatter: second => format.full(second * 1000, seconds()) } });
    this.#chart.timeScale().applyOptions({ tickMarkFormatter: (second, type) => format.mark(second * 1000, type) });
  }

  /** markers: of lightweight-charts, in order of time. */
  mark(markers) {
    this.#marks = markers;
    this.#markers.setMarkers(markers);
  }

  /** Take over the colours of the page. */
  colour() {
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(`--${name}`).trim();
    this.colours = Object.fromEntries(["up", "down", "soft", "accent", "warn"].map(name => [name, colour(name)]));
    this.#chart.applyOptions({
      layout: { background: { type: "solid", color: colour("panel") }, textColor: colour("soft"), fontFamily: getComputedStyle(document.body).fontFamily, attributionLogo: false },
      grid: { vertLines: { color: colour("grid") }, horzLines: { color: colour("grid") } },
      crosshair: { vertLine: { labelBackgroundColor: colour("label") }, horzLine: { labelBackgroundColor: colour("label") } },
    });
    // What has risen is hollow, so that it is told from what has fallen without colour.
    this.#price.applyOptions(this.#kind === "line" ? { color: colour("accent") } : {
      upColor: colour("panel"), borderUpColor: colour("up"), wickUpColor: colour("up"),
      downColor: colour("down"), borderDownColor: colour("down"), wickDownColor: colour("down"),
    });
    this.#average.applyOptions({ color: colour("second") });
    if (this.#candles !== null) this.#set();
  }

  /** Move the crosshair by so many candles. Returns the index of its candle; null if there is none. */
  step(by) {
    const { items } = this.#candles;
    const before = this.#cursor === null ? items.length - 1 : items.findLastIndex(({ time }) => time <= this.#cursor);
    return this.#crosshair(Math.max(0, Math.min(items.length - 1, before + by)));
  }

  /** Move the crosshair to the oldest candle that is loaded. */
  oldest() {
    return this.#crosshair(0);
  }

  /** Zoom in (factor below 1) or out around the middle. */
  zoom(factor) {
    const time = this.#chart.timeScale();
    const { from, to } = time.getVisibleLogicalRange();
    const [middle, half] = [(from + to) / 2, ((to - from) / 2) * factor];
    time.setVisibleLogicalRange({ from: middle - half, to: middle + half });
  }

  /** Show the newest candles, at the usual width. */
  newest() {
    this.#cursor = null;
    this.#chart.clearCrosshairPosition();
    const sight = Math.min(Math.max(this.#candles.items.length, SIGHT[0]), SIGHT[1]);
    const barSpacing = Math.max(1, (this.#element.clientWidth - AXIS_PX) / sight);
    this.#chart.timeScale().applyOptions({ barSpacing });
    this.#chart.timeScale().scrollToRealTime();
  }

  /** Bring a time into the middle. */
  look(ms) {
    const at = this.#candles.items.findLastIndex(item => item.time <= ms / 1000);
    const time = this.#chart.timeScale();
    const range = time.getVisibleLogicalRange();
    if (at < 0 || range === null) return;
    const half = (range.to - range.from) / 2;
    time.setVisibleLogicalRange({ from: at - half, to: at + half });
  }

  #crosshair(at) {
    const item = this.#candles.items[at];
    if (item === undefined) return null;
    this.#cursor = item.time;
    const { from, to } = this.#chart.timeScale().getVisibleLogicalRange();
    if (at < from || at > to) this.look(item.time * 1000);
    this.#chart.setCrosshairPosition(item.close, item.time, this.#price);
    return at;
  }

  #rebuild() {
    const { CandlestickSeries, LineSeries, createSeriesMarkers } = LightweightCharts;
    if (this.#price !== null) this.#chart.removeSeries(this.#price);
    this.#price = this.#chart.addSeries(...(this.#kind === "line" ? [LineSeries, { lineWidth: 2 }] : [CandlestickSeries, {}]));
    this.#markers = createSeriesMarkers(this.#price, this.#marks);
    this.#digits = -1;
  }

  #set() {
    this.#candles.takeChanges();
    const { items } = this.#candles;
    this.#scale();
    this.#price.setData(items.map(item => this.#point(item)));
    this.#volume.setData(this.#hasVolume ? items.map(item => this.#bar(item)) : []);
    this.#average.setData(this.#averages());
  }

  #averages() {
    const { items } = this.#candles;
    const length = this.#length;
    if (length === 0) return [];
    let sum = 0;
    return items.flatMap(({ time, close }, at) => {
      sum += close - (at >= length ? items[at - length].close : 0);
      return at >= length - 1 ? [{ time, value: sum / length }] : [];
    });
  }

  /** The decimal places of the axis, and room for the volume. */
  #scale() {
    const { digits, items } = this.#candles;
    const hasVolume = items.some(item => item.volume !== null);
    if (digits !== this.#digits) {
      this.#digits = digits;
      const priceFormat = { type: "custom", formatter: value => format.price(value, digits), minMove: 10 ** -digits };
      for (const series of [this.#price, this.#average]) series.applyOptions({ priceFormat });
    }
    if (hasVolume !== this.#hasVolume) {
      this.#hasVolume = hasVolume;
      this.#chart.priceScale("right").applyOptions({ scaleMargins: { top: ABOVE, bottom: hasVolume ? BELOW_VOLUME : BELOW } });
    }
  }

  #point(item) {
    return this.#kind === "line" ? { time: item.time, value: item.close } : { time: item.time, open: item.open, high: item.high, low: item.low, close: item.close };
  }

  #bar({ time, volume, open, close }) {
    return { time, value: volume ?? 0, color: `${close >= open ? this.colours.up : this.colours.down}66` };
  }

  #indexOf(time) {
    const at = this.#candles?.items.findLastIndex(item => item.time === time) ?? -1;
    return at < 0 ? null : at;
  }
}
