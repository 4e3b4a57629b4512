// Searching by words, in any order.

export const wordsOf = text => text.toUpperCase().split(/\s+/).filter(Boolean);

/** Whether every word is in a text of capitals. */
export const matches = (text, words) => words.every(word => text.includes(word));
