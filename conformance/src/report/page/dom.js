// Building elements. What comes from a log becomes a text node or the value of an
// attribute, never markup.

/**
 * An element. An attribute that is a function listens to the event of its name; one
 * that is false or missing is left out. Children are elements and texts.
 */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...present(children));
  return element;
}

/** Children without those that are missing: parts that a condition has left out. */
const present = (children) => children.flat().filter((child) => child !== "" && child != null && child !== false);

/** The text of an identifier, which may be broken between its words. */
const breakable = (text) => text.split(/(?<=[._])/).flatMap((word) => [word, el("wbr")]);

const byId = (id) => document.getElementById(id);

const grouped = (number) => number.toLocaleString("en-US");

const plural = (number, word) => `${grouped(number)} ${word}${number === 1 ? "" : "s"}`;

/** Microseconds, as people read them. */
function duration(micros) {
  if (micros < 1000) return `${micros} µs`;
  return micros < 1e6 ? `${(micros / 1e3).toFixed(2)} ms` : `${(micros / 1e6).toFixed(2)} s`;
}
