// Draws the flow of trades: bars of what was bought and sold, and lines of latencies.

import * as format from "../format.js";
import { h, s } from "../shell/dom.js";

const WIDTH = 600;
const HEIGHT = 120;
const GAP = 1;
const GROUPS = 30;
const LEAST_IN_GROUP = 5;
const PERCENTS = [50, 95, 99];

const plot = (label, ...children) =>
  s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...children);

const caption = (...children) => h("figcaption", {}, ...children);
const key = (name, text) => h("span", { class: "line", "data-line": name }, text);

/** Bars of candles of trades, oldest first: bought above the line, sold below it. */
export function volumePlot(candles, interval) {
  if (candles.length === 0) return [caption("No bars yet.")];
  const largest = Math.max(...candles.flatMap(({ buyVolume, sellVolume }) => [buyVolume, sellVolume])) || 1;
  const middle = HEIGHT / 2;
  const width = WIDTH / Math.max(candles.length, 20);
  const bars = candles.map(({ start, buyVolume, sellVolume, count }, at) => {
    const said = `${format.full(Date.parse(start))}: bought ${format.amount(buyVolume)}, sold ${format.amount(sellVolume)}, ${format.counted(count, "trade")}`;
    const bar = (side, top, volume) => s("rect", { class: side, x: at * width + GAP / 2, width: width - GAP, y: top, height: (volume / largest) * (middle - 2) });
    return s("g", {}, s("title", {}, said),
      bar("buy", middle - (buyVolume / largest) * (middle - 2), buyVolume),
      bar("sell", middle, sellVolume));
  });
  const last = candles.at(-1);
  const label = `Bought and sold in ${candles.length} bars of ${interval}; in the last one bought ${format.amount(last.buyVolume)}, sold ${format.amount(last.sellVolume)}`;
  return [
    caption(key("buy", "Bought"), " ", key("sell", "Sold"), ` by ${interval}, up to ${format.amount(largest)}`),
    plot(label, s("line", { class: "axis", x1: 0, x2: WIDTH, y1: middle, y2: middle }), ...bars),
  ];
}

/** Percentiles of the latencies of executions, newest first: of groups of them in order of time. */
export function latencyPlot(executions) {
  const known = executions.map(each => each.latencyMicros).filter(each => each !== null && each >= 0).reverse();
  if (known.length < LEAST_IN_GROUP) return [caption("No latencies yet: trades may say when they were sent.")];
  const size = Math.max(LEAST_IN_GROUP, Math.ceil(known.length / GROUPS));
  const groups = [];
  for (let at = known.length; at >= LEAST_IN_GROUP; at -= size) groups.unshift(known.slice(Math.max(0, at - size), at).sort((one, other) => one - other));
  const largest = groups.at(-1) && Math.max(1, ...groups.map(group => group.at(-1)));
  const step = WIDTH / Math.max(1, groups.length - 1);
  const lines = PERCENTS.map(percent => {
    const points = groups.map((group, at) => `${at * step},${HEIGHT - 2 - (rank(group, percent) / largest) * (HEIGHT - 4)}`);
    if (points.length === 1) points.push(points[0].replace(/^0,/, `${WIDTH},`));
    return s("polyline", { class: `p${percent}`, points: points.join(" ") });
  });
  const newest = PERCENTS.map(percent => `${percent}th percentile ${format.micros(rank(groups.at(-1), percent))}`);
  return [
    caption(...PERCENTS.flatMap(percent => [key(`p${percent}`, `p${percent}`), " "]), `latency of the last ${format.count(known.length)}, up to ${format.micros(largest)}`),
    plot(`Latency over time; of the newest ${groups.at(-1).length} trades ${newest.join(", ")}`, ...lines),
  ];
}

/** The value of a sorted list that so many percent do not exceed. */
const rank = (sorted, percent) => sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
