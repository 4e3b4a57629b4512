// The conditions that a rule can be made of in the form: their fields, and how they are said.

const number = (name, label, value, more = {}) => ({ name, label, value, type: "number", min: 0, step: "any", ...more });

/** Of each condition its name, and its fields in the order in which they are shown. */
export const CONDITIONS = {
  move: {
    title: "moves by more than",
    fields: [
      number("percent", "Percent", 2, { required: true }),
      number("withinMs", "within ms", 5000, { required: true, min: 1, step: 1 }),
      { name: "direction", label: "Direction", value: "any", options: ["any", "up", "down"] },
    ],
  },
  level: { title: "crosses a level", fields: [number("above", "Above", ""), number("below", "Below", "")] },
  range: { title: "leaves a range", fields: [number("low", "Low", "", { required: true, min: null }), number("high", "High", "", { required: true, min: null })] },
  deviation: {
    title: "deviates from its mean",
    fields: [
      number("sigmas", "Standard deviations", 3, { required: true }),
      number("over", "over the last", 100, { required: true, min: 2, step: 1 }),
      number("minimum", "once there are", 30, { required: true, min: 2, step: 1 }),
    ],
  },
  rate: {
    title: "ticks at a rate",
    fields: [number("perSecond", "More a second than", ""), number("below", "Fewer a second than", ""), number("overSeconds", "over seconds", 5, { required: true, min: 1, step: 1 })],
  },
  stale: { title: "falls silent", fields: [number("afterSeconds", "For seconds", ""), number("timesUsual", "Times the usual interval", "")] },
};

/** The name and the values of a condition of the form; null for one that only its JSON can show. */
export function simple(condition) {
  const [name, ...others] = Object.keys(condition);
  return others.length === 0 && name in CONDITIONS ? [name, condition[name]] : null;
}

/** A condition in words: "moves by more than: percent 2, withinMs 5000". */
export function said(condition) {
  const found = simple(condition);
  if (found === null) return JSON.stringify(condition);
  const values = Object.entries(found[1]).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`);
  return `${CONDITIONS[found[0]].title}: ${values.join(", ")}`;
}
