// What happened, as markers: one for each candle and direction, with words where there is room for them.

import * as format from "../format.js";

// Of a letter of the words, and between the words of two marks.
const [LETTER_PX, GAP_PX] = [7, 8];
const SHAPES = { alert: "circle", preview: "square" };

/** A mark of a move. A mark is { id, kind, symbol, at, until, up, size, text, title, sentence }. */
export function markOf(move) {
  const up = move.direction === "up";
  const took = move.until === null || move.until === move.at ? "" : `, over ${format.duration(move.until - move.at)}`;
  return {
    id: move.id,
    kind: "move",
    symbol: move.symbol,
    at: move.at,
    until: move.until ?? move.at,
    up,
    size: Math.abs(move.percent),
    peak: move.to,
    text: format.percent(move.percent),
    title: `${format.arrow(move.percent)} ${format.percent(move.percent)} · ${move.severity}`,
    sentence: `${up ? "Rose" : "Fell"} from ${move.from} to ${move.to}${took}: ${format.counted(move.count, "tick")} beyond the threshold, the first at ${format.full(move.at)}.`,
  };
}

/** Group marks by candle, kind and direction: [{ time, marks, text }], in order of time, the largest mark first. */
export function groupedMarks(marks, candles) {
  const { items } = candles;
  if (items.length === 0) return [];
  const groups = new Map();
  for (const mark of marks) {
    const start = Math.floor(mark.at / 1000 / candles.seconds) * candles.seconds;
    if (start < items[0].time) continue;
    const key = `${start} ${mark.kind} ${mark.up}`;
    if (!groups.has(key)) groups.set(key, { time: start, marks: [] });
    groups.get(key).marks.push(mark);
  }
  const found = [...groups.values()].sort((one, other) => one.time - other.time);
  for (const group of found) {
    group.marks.sort((one, other) => other.size - one.size);
    group.text = group.marks[0].text + (group.marks.length > 1 ? ` ×${group.marks.length}` : "");
  }
  return found;
}

/** Markers of lightweight-charts. Of those that are close together only the largest has words. */
export function markersOf(groups, candles, pxPerBar, colours) {
  const indexes = new Map(candles.items.map(({ time }, at) => [time, at]));
  const worded = new Set();
  const taken = [];
  for (const group of [...groups].sort((one, other) => other.marks[0].size - one.marks[0].size)) {
    const x = (indexes.get(group.time) ?? 0) * pxPerBar;
    const half = (group.text.length * LETTER_PX) / 2 + GAP_PX;
    if (taken.some(other => Math.abs(other.x - x) < half + other.half)) continue;
    taken.push({ x, half });
    worded.add(group);
  }
  return groups.map(group => {
    const [{ id, kind, up }] = group.marks;
    return {
      id,
      time: group.time,
      position: up === true ? "belowBar" : "aboveBar",
      shape: SHAPES[kind] ?? (up ? "arrowUp" : "arrowDown"),
      color: kind === "move" ? colours[up ? "up" : "down"] : colours[kind === "alert" ? "warn" : "accent"],
      text: worded.has(group) ? group.text : undefined,
    };
  });
}
