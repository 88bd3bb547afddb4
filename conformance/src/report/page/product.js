// Products: cases whose ids differ in the words after the first two. Each of these words
// is a class on an axis, so that they stand in a grid better than in a list.

/** More columns than this are no grid that can be read. */
const WIDEST = 40;

const wordsOf = (row) => data.ids[row].split(".").slice(2);

/**
 * How the cases of a product stand in grids: one for each choice of the `outer` axes,
 * in it a line for each word of the axis `down`, and a field for each of `across`. Null,
 * if they do not.
 */
function layoutOf(rows) {
  const length = wordsOf(rows[0]).length;
  if (length < 2 || rows.some((row) => wordsOf(row).length !== length)) return null;
  const axes = Array.from({ length }, (_, axis) => [...new Set(rows.map((row) => wordsOf(row)[axis]))]);
  // The longest goes down, the second across; a tie leaves them in their order.
  const [down, across, ...outer] = [...axes.keys()].sort((a, b) => axes[b].length - axes[a].length);
  if (axes[across].length > WIDEST) return null;
  return { axes, down, across, outer: outer.sort() };
}

/** The grids of a product. Rows that the filter has not let through are faint. */
function drawGrids(rows, isMatching, all) {
  const { axes, down, across, outer } = layoutOf(all);
  const tables = new Map();
  for (const row of all) {
    const words = wordsOf(row);
    const title = outer.map((axis) => words[axis]).join(" · ");
    if (!tables.has(title)) tables.set(title, new Map());
    tables.get(title).set(`${words[down]}.${words[across]}`, row);
  }
  // A line or a field without anything that was asked for says nothing.
  const used = (axis) => {
    const words = new Set(rows.map((row) => wordsOf(row)[axis]));
    return axes[axis].filter((word) => words.has(word));
  };
  const titles = new Set(rows.map((row) => outer.map((axis) => wordsOf(row)[axis]).join(" · ")));
  return el("div", { class: "grids" }, [...tables].filter(([title]) => titles.has(title)).map(([title, byWords]) =>
    drawGrid(title, used(down), used(across), (lineWord, fieldWord) => {
      const row = byWords.get(`${lineWord}.${fieldWord}`);
      return row === undefined ? null : { row, isMatching: isMatching(row) };
    })));
}

function drawGrid(title, lines, fields, find) {
  const isSteep = fields.some((word) => word.length > 6);
  return el("table", { class: "grid", "data-roving": true },
    title && el("caption", {}, title),
    el("thead", {}, el("tr", {},
      el("td"),
      fields.map((word) => el("th", { scope: "col", class: isSteep && "steep" }, el("span", {}, word))))),
    el("tbody", {}, lines.map((lineWord) => el("tr", {},
      el("th", { scope: "row" }, lineWord),
      fields.map((fieldWord) => {
        const found = find(lineWord, fieldWord);
        return el("td", {}, found && drawField(found.row, found.isMatching));
      })))));
}

/** A case in a grid: a sign for each outcome, so that where columns agree it is one. */
function drawField(row, isMatching) {
  return outcomesOf(row).map((columns) => {
    const on = columns.map((column) => data.columns[column].name).join(", ");
    return drawCell(row, columns[0], { on, isFaint: !isMatching });
  });
}
