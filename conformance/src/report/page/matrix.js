// The matrix: a call, below it its cases and products, below these their cases. Only
// what is expanded is in the document, and of that only what has been near the screen.

/** Rows that are drawn at a time. */
const CHUNK = 100;
/** About as high as a row, in pixels: so much room is kept for rows that are to be drawn. */
const ROW_HEIGHT = 29;
/** With so few cases left, the filter opens all, and all is drawn at once. */
const FEW = 200;

/** Calls, each with the groups of its cases: a single case, or the cases of a product. */
const tree = (() => {
  const calls = new Map();
  for (const row of ROWS) {
    const [call, ...words] = data.ids[row].split(".");
    const key = [call, ...words.slice(0, 1)].join(".");
    if (!calls.has(call)) calls.set(call, { key: call, name: call, rows: [], groups: new Map() });
    const { rows, groups } = calls.get(call);
    if (!groups.has(key)) groups.set(key, { key, name: words[0] ?? call, rows: [] });
    rows.push(row);
    groups.get(key).rows.push(row);
  }
  return [...calls.values()].map((call) => ({ ...call, groups: [...call.groups.values()] }));
})();

/** By row, whether the filter lets it through. */
let isMatching = new Uint8Array(ROWS.length);
let matchCount = 0;

const matchingOf = (node) => node.rows.filter((row) => isMatching[row]);

const isOpen = (key) => view.open.has(key) || (isFiltered() && matchCount <= FEW && !view.closed.has(key));

/** Draws all anew, for the filter as it is. */
function drawMatrix() {
  const rows = filtered();
  isMatching = new Uint8Array(ROWS.length);
  for (const row of rows) isMatching[row] = 1;
  matchCount = rows.length;
  waiting.disconnect();
  pending.clear();
  // The conditions have what the columns leave.
  const width = Math.min(18, 62 / COLUMNS.length);
  byId("matrix").replaceChildren(
    el("caption", { class: "unseen" }, "Results by call and condition, a column for each target"),
    el("thead", {}, el("tr", {},
      el("th", { scope: "col" }, "Call and condition"),
      data.columns.map((column) => {
        const heading = el("th", { scope: "col" }, column.name);
        heading.style.width = `${width}%`;
        return heading;
      }))),
    ...tree.flatMap(drawCall));
  byId("found").textContent = found(rows.length);
  markShown();
}

function found(rowCount) {
  if (rowCount === ROWS.length) return `All ${plural(rowCount, "case")}.`;
  return rowCount === 0 ? "No case is like that." : `${grouped(rowCount)} of ${plural(ROWS.length, "case")}.`;
}

/** A call, and what is in it if it is expanded. */
function drawCall(call) {
  const rows = matchingOf(call);
  if (rows.length === 0) return [];
  const head = drawHead(call, rows, 1, () => drawGroups(call));
  return [head, ...(isOpen(call.key) ? drawGroups(call) : [])];
}

/** The groups of a call: cases that stand next to each other are a list. */
function drawGroups(call) {
  const parts = [];
  let singles = [];
  const flush = () => {
    parts.push(...drawList(singles, 2, (row) => wordsAfterCall(row)));
    singles = [];
  };
  for (const group of call.groups) {
    const rows = matchingOf(group);
    if (group.rows.length === 1) {
      singles.push(...rows);
    } else if (rows.length > 0) {
      flush();
      parts.push(drawHead(group, rows, 2, () => drawProduct(group)));
      if (isOpen(group.key)) parts.push(...drawProduct(group));
    }
  }
  flush();
  return parts;
}

const wordsAfterCall = (row) => data.ids[row].split(".").slice(1).join(".") || data.ids[row];

function drawProduct(group) {
  const rows = matchingOf(group);
  if (!view.grid || !layoutOf(group.rows)) return drawList(rows, 3, (row) => wordsOf(row).join(" · "));
  const lines = Math.ceil(Math.sqrt(rows.length)) + 3;
  return [drawLater(3, lines, () => [
    el("tr", {}, el("td", { colspan: COLUMNS.length + 1, class: "product" },
      drawGrids(rows, (row) => isMatching[row], group.rows))),
  ])];
}

/** The row of a call or a product, which expands it. */
function drawHead(node, rows, level, drawInside) {
  const isProduct = level === 2;
  const button = el("button", {
    type: "button",
    class: "toggle",
    "aria-expanded": String(isOpen(node.key)),
    "data-key": node.key,
    click: () => toggle(node, body, button, drawInside),
  }, breakable(node.name));
  const differences = COLUMNS.length > 1 ? rows.filter(differs).length : 0;
  const body = el("tbody", { class: `level${level}`, "data-level": level },
    el("tr", {},
      el("th", { scope: "rowgroup" },
        button,
        el("span", { class: "about" }, plural(rows.length, "case")),
        differences > 0 && el("span", { class: "about differs", title: `${plural(differences, "case")} with differences` },
          `≠ ${grouped(differences)}`),
        isProduct && sharedClaim(rows)),
      COLUMNS.map((column) => el("td", {}, drawTally(rows, column)))));
  return body;
}

/** The claim of a product. */
function sharedClaim(rows) {
  return el("span", { class: "claim" }, claimOf(rows[0]));
}

/** How many ended how. */
function drawTally(rows, column) {
  return tally(rows, column).flatMap(([counted, excused], status) => [
    counted > 0 && drawCount(status, counted, false),
    excused > 0 && drawCount(status, excused, true),
  ]).filter(Boolean);
}

function drawCount(status, number, excused) {
  const { word, sign, name } = STATUSES[status];
  const label = `${number} ${word}${excused ? " excused" : ""}`;
  return el("span", { class: "count", title: label },
    el("span", { class: `sign ${name}${excused ? " excused" : ""}`, "aria-hidden": "true" }, excused ? `${sign}*` : sign),
    el("span", { class: "unseen" }, `${word}${excused ? " excused" : ""} `),
    ` ${grouped(number)}`);
}

function toggle(node, body, button, drawInside) {
  const open = !isOpen(node.key);
  view.open[open ? "add" : "delete"](node.key);
  view.closed[open ? "delete" : "add"](node.key);
  button.setAttribute("aria-expanded", String(open));
  if (open) {
    body.after(...drawInside());
  } else {
    const level = Number(body.dataset.level);
    while (body.nextElementSibling && Number(body.nextElementSibling.dataset.level) > level) {
      body.nextElementSibling.remove();
    }
  }
  remember();
  markShown();
}

/** A list of cases, in chunks. */
function drawList(rows, level, nameOf) {
  const chunks = [];
  for (let start = 0; start < rows.length; start += CHUNK) {
    const chunk = rows.slice(start, start + CHUNK);
    chunks.push(drawLater(level, chunk.length, () => chunk.map((row) => drawRow(row, level, nameOf(row)))));
  }
  return chunks;
}

function drawRow(row, level, name) {
  return el("tr", { class: differs(row) && "different" },
    el("th", { scope: "row", title: data.ids[row] },
      el("span", { class: "name" }, breakable(name)),
      differs(row) && el("span", { class: "about differs" }, "≠", el("span", { class: "unseen" }, " columns differ")),
      level === 2 && el("span", { class: "claim" }, claimOf(row))),
    COLUMNS.map((column) =>
      el("td", {}, statusOf(row, column) === NOT_RUN ? notRun() : drawCell(row, column, { hasWord: true }))));
}

const notRun = () => el("span", { class: "about", title: "not run" }, "·", el("span", { class: "unseen" }, "not run"));

/** A result, as a button that shows its details. */
function drawCell(row, column, { hasWord = false, on = null, isFaint = false } = {}) {
  const status = STATUSES[statusOf(row, column)];
  const excused = isExcused(row, column);
  const where = on ?? data.columns[column].name;
  const classes = ["cell", status.name, excused && "excused", isFaint && "faint", deviates(row, column) && "deviates"];
  return el("button", {
    type: "button",
    class: classes.filter(Boolean).join(" "),
    tabindex: "-1",
    "aria-label": `${data.ids[row]}: ${status.word}${excused ? ", excused," : ""} on ${where}`,
    title: `${data.ids[row]}: ${status.word} on ${where}`,
    "data-row": row,
    "data-column": column,
  }, excused ? `${status.sign}*` : status.sign,
  hasWord && status.name !== "pass" && el("span", { class: "word" }, ` ${status.word}`));
}

/** What is to be drawn when it comes near the screen. */
const pending = new Map();

const waiting = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) drawNow(entry.target);
}, { rootMargin: "1200px 0px" });

/** A part of the table: at once if there is little, else for now as room for so many rows. */
function drawLater(level, rowCount, draw) {
  const room = el("td", { colspan: COLUMNS.length + 1, class: "room" });
  room.style.height = `${rowCount * ROW_HEIGHT}px`;
  const body = el("tbody", { class: `level${level}`, "data-level": level, "data-roving": true }, el("tr", {}, room));
  pending.set(body, draw);
  if (matchCount <= FEW) drawNow(body);
  else waiting.observe(body);
  return body;
}

function drawNow(body) {
  const draw = pending.get(body);
  if (!draw) return;
  pending.delete(body);
  waiting.unobserve(body);
  body.replaceChildren(...draw());
  const grids = body.querySelectorAll("table[data-roving]");
  for (const room of grids.length > 0 ? grids : [body]) room.querySelector(".cell")?.setAttribute("tabindex", "0");
  markShown();
}

function drawAll() {
  for (const body of [...pending.keys()]) drawNow(body);
}

/** Marks the results whose details are shown. */
function markShown() {
  for (const cell of document.querySelectorAll(".cell[aria-current]")) cell.removeAttribute("aria-current");
  shownCell()?.setAttribute("aria-current", "true");
}

/** Where the result is that the details are of, if it is in the document. */
function shownCell() {
  if (!view.shown) return null;
  const { row, column } = view.shown;
  const all = [...byId("matrix").querySelectorAll(`.cell[data-row="${row}"]`)];
  // In a grid, the sign of another column may stand for this one.
  const isSame = (cell) => outcomeOf(row, Number(cell.dataset.column)) === outcomeOf(row, column);
  return all.find((cell) => Number(cell.dataset.column) === column) ?? all.find(isSame) ?? null;
}

/** Opens what a row is in, and brings it to the screen. */
function reveal(row) {
  const [call, word] = data.ids[row].split(".");
  for (const key of [call, `${call}.${word}`]) {
    const button = [...byId("matrix").querySelectorAll(".toggle")].find((toggle) => toggle.dataset.key === key);
    if (button?.getAttribute("aria-expanded") === "false") button.click();
  }
  for (const body of [...pending.keys()]) {
    // The list that it is in has not been drawn: so much is drawn as is needed.
    if (shownCell()) break;
    drawNow(body);
  }
  shownCell()?.scrollIntoView({ block: "nearest" });
}
