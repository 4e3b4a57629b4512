// The columns of the watch list: what they show, how they sort, and which of them fit.

import { change, CHANGES } from "../data/changes.js";
import * as format from "../format.js";

const changeColumn = (span, title, words) => ({
  key: span,
  title,
  about: `Change over the last ${words} before the newest tick`,
  text: row => (Number.isNaN(change(row, span)) ? "–" : format.percent(change(row, span))),
  direction: row => (Number.isNaN(change(row, span)) ? 0 : format.sign(change(row, span))),
  value: row => change(row, span),
  size: row => Math.abs(row.ago[span]?.price ? row.price / row.ago[span].price : 0),
  least: "+100.00%",
});

// About how many characters a price has.
const priceSize = row => row.digits + Math.log10(Math.max(1, row.max));

/** In the order in which they are shown. size: what tells the longest text of a column without writing all of them. second: what a tall row shows below, in place of a column that does not fit. */
export const COLUMNS = [
  { key: "symbol", title: "Symbol", value: row => row.symbol, second: ["age", (row, now) => `${format.age(now - row.time)} ago`] },
  {
    key: "price",
    title: "Price",
    text: row => `${format.arrow(row.direction) || "\u2007"} ${format.price(row.price, row.digits)}`,
    direction: row => row.direction,
    value: row => row.price,
    size: priceSize,
    second: ["1d", row => CHANGES.filter(span => !Number.isNaN(change(row, span))).slice(-1).map(span => `${format.percent(change(row, span))} ${span}`)[0] ?? ""],
  },
  changeColumn("1m", "1 min", "minute"),
  changeColumn("1h", "1 h", "hour"),
  changeColumn("1d", "1 day", "day"),
  { key: "spark", title: "2 min", about: "The last two minutes in which it moved" },
  { key: "average", title: "Average", about: "Moving average of the last ticks", text: row => format.average(row.average, row.digits), value: row => row.average, size: priceSize },
  { key: "min", title: "Min", text: row => format.price(row.min, row.digits), value: row => row.min, size: priceSize },
  { key: "max", title: "Max", text: row => format.price(row.max, row.digits), value: row => row.max, size: priceSize },
  { key: "count", title: "Updates", text: row => format.count(row.count), value: row => row.count, size: row => row.count },
  { key: "age", title: "Age", about: "Since the newest tick", text: (row, now) => format.age(now - row.time), value: row => row.time, size: row => -row.time, least: "59 min" },
];

// Which columns go last when there is no room.
const PRIORITY = ["symbol", "price", "1d", "1h", "age", "spark", "1m", "average", "count", "min", "max"];
const FONT_PX = 13;
const PADDING_PX = 16;
const STAR_PX = 26;
const SPARK_PX = 70;
// Measuring five thousand symbols takes longer than a frame; the widest is among these longest ones.
const MEASURED = 40;

const pen = document.createElement("canvas").getContext("2d");

function widthOf(texts) {
  const { fontFamily } = getComputedStyle(document.body);
  pen.font = `600 ${FONT_PX}px ${fontFamily}`;
  texts.sort((one, other) => other.length - one.length);
  return Math.max(0, ...texts.slice(0, MEASURED).map(text => pen.measureText(text).width));
}

function longest(rows, { size, text }, now) {
  let [found, most] = [null, -Infinity];
  for (const row of rows) {
    const its = size(row);
    if (its > most) [found, most] = [row, its];
  }
  return found === null ? "" : text(found, now);
}

/** How wide each column has to be, in px, for every text of these rows. */
export function widths(rows, now) {
  return new Map(COLUMNS.map(column => {
    if (column.key === "spark") return [column.key, SPARK_PX];
    const cells = column.key === "symbol" ? rows.map(row => row.symbol) : [column.least ?? "", longest(rows, column, now)];
    const head = widthOf([`${column.title} ↓`]);
    return [column.key, Math.ceil(Math.max(head, widthOf(cells)) + PADDING_PX + (column.key === "symbol" ? STAR_PX : 0))];
  }));
}

/** The columns that fit, as [column, px]; one of them, of null px, takes what is left. Long symbols get two lines. */
export function fitting(wanted, available) {
  const chosen = new Map();
  let left = available;
  for (const key of PRIORITY) {
    const width = key === "symbol" ? Math.min(wanted.get(key), Math.max(130, available * 0.5)) : wanted.get(key);
    if (chosen.size >= 2 && width > left) break;
    chosen.set(key, width);
    left -= width;
  }
  const rest = chosen.has("spark") ? "spark" : "symbol";
  return COLUMNS.filter(({ key }) => chosen.has(key)).map(column => [column, column.key === rest ? null : chosen.get(column.key)]);
}

/** The spans of change among columns. */
export const spansOf = columns => columns.map(([{ key }]) => key).filter(key => CHANGES.includes(key));
