// Which rows of the market are listed, and in which order.

import { COLUMNS } from "./columns.js";

const OTHERS = "Others";

/** What stands before the first colon, such as the exchange of BINANCE:BTCUSDT. */
export const groupOf = symbol => (symbol.indexOf(":") > 0 ? symbol.slice(0, symbol.indexOf(":")) : OTHERS);

/** The rows that match, sorted. key: of a column; sign: 1 for ascending. What is unknown comes last. */
export function sorted(rows, key, sign) {
  const { value } = COLUMNS.find(column => column.key === key);
  const keyed = rows.map(row => [value(row), row]);
  const by = ([one, { symbol }], [other, { symbol: others }]) => {
    if (one < other) return -sign;
    if (one > other) return sign;
    const unknown = Number.isNaN(one) - Number.isNaN(other);
    return unknown || (symbol < others ? -1 : 1);
  };
  return keyed.sort(by).map(([, row]) => row);
}

/** Rows with a heading in front of each group: { group, count, folded }; folded groups are their headings. */
export function grouped(rows, folded) {
  const groups = new Map();
  for (const row of rows) {
    const name = groupOf(row.symbol);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row);
  }
  const names = [...groups.keys()].sort((one, other) => (one === OTHERS) - (other === OTHERS) || (one < other ? -1 : 1));
  return names.flatMap(name => {
    const members = groups.get(name);
    const heading = { group: name, count: members.length, folded: folded.has(name) };
    return heading.folded ? [heading] : [heading, ...members];
  });
}
