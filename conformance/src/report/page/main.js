// What the reader does: filters, expands, moves, and follows links.

/** Puts the view into the address, without a new entry in the history. */
function remember() {
  const fragment = toFragment();
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
}

/** Options of a selection: each value with how often it comes, below the name of its group. */
function fillSelect(id, counts, groupOf = () => "") {
  const groups = new Map([["", [el("option", { value: "" }, "any")]]]);
  for (const [value, number] of [...counts].sort(([a], [b]) => a.localeCompare(b))) {
    const group = groupOf(value);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(el("option", { value }, `${value} (${grouped(number)})`));
  }
  byId(id).replaceChildren(...[...groups].flatMap(([label, options]) =>
    label === "" ? options : el("optgroup", { label }, options)));
}

/** Boxes to tick: each value with how often it comes. */
function fillBoxes(id, counts, sign = () => "") {
  byId(id).append(...[...counts].map(([value, number]) => el("label", { class: "chip" },
    el("input", { type: "checkbox", value }), " ", sign(value), ` ${value} `, el("span", { class: "about" }, grouped(number)))));
}

function fillFilters() {
  const cells = COLUMNS.flatMap((column) => ROWS.map((row) => statusOf(row, column)));
  const statuses = count(cells.filter((status) => status !== NOT_RUN).map((status) => STATUSES[status].word));
  const present = STATUSES.filter((status) => statuses.has(status.word));
  fillBoxes("statuses", present.map((status) => [status.word, statuses.get(status.word)]), (word) => {
    const { sign, name } = STATUSES.find((status) => status.word === word);
    return el("span", { class: `sign ${name}`, "aria-hidden": "true" }, sign);
  });
  fillBoxes("classes", count(ROWS.map(classOf)));
  fillSelect("clause", count(ROWS.map(clauseOf)));
  const errors = ROWS.flatMap((row) => {
    const sequences = ranIn(row).map((column) => data.columns[column].cells[row * 5 + 4]);
    return [...new Set(sequences.flatMap((sequence) => [...errorsOf[sequence]]))];
  });
  const pageOf = (error) => (error.includes(" ") ? `documented for ${error.split(" ")[0]}` : "");
  fillSelect("errno", count(errors), pageOf);
  byId("legend").append(
    ...STATUSES.flatMap(({ word, sign, name }) => [el("span", { class: `sign ${name}` }, sign), ` ${word} `]),
    el("span", { class: "sign fail excused" }, "F*"), " excused ",
    el("span", { class: "sign pass deviates" }, "✓"), " not as in the first column.",
    COLUMNS.length > 1 ? " In grids, one sign stands for all columns where they agree." : "");
}

/** Sets the filters' elements as the view is. */
function showFilters() {
  for (const id of ["q", "clause", "errno"]) byId(id).value = view[id];
  for (const id of ["differences", "unpassed", "counted", "grid"]) byId(id).checked = view[id];
  for (const [id, key] of [["statuses", "status"], ["classes", "class"]]) {
    for (const box of byId(id).querySelectorAll("input")) box.checked = view[key].includes(box.value);
  }
  byId("differences").closest("label").hidden = COLUMNS.length < 2;
  drawCause();
}

/** The cause that is filtered for, with a button to leave it. */
function drawCause() {
  byId("cause")?.remove();
  if (!view.cause) return;
  byId("found").before(el("p", { id: "cause" }, "Cause: ", code(view.cause), " ",
    el("button", { type: "button", click: () => { view.cause = ""; apply(); } }, "All causes")));
}

/** Takes the view from the filters' elements. */
function readFilters() {
  for (const id of ["q", "clause", "errno"]) view[id] = byId(id).value;
  for (const id of ["differences", "unpassed", "counted", "grid"]) view[id] = byId(id).checked;
  const ticked = (id) => [...byId(id).querySelectorAll("input:checked")].map((box) => box.value);
  view.status = ticked("statuses");
  view.class = ticked("classes");
  view.closed = new Set();
}

function apply() {
  showFilters();
  drawMatrix();
  drawDetails();
  remember();
}

/** Moves from a result to its neighbour in the direction of an arrow key. */
function neighbour(cell, key) {
  const line = cell.closest("tr");
  const cells = [...line.querySelectorAll(".cell")];
  if (key === "ArrowLeft") return cells[cells.indexOf(cell) - 1];
  if (key === "ArrowRight") return cells[cells.indexOf(cell) + 1];
  const table = cell.closest("table");
  const lines = [...table.querySelectorAll("tr")].filter((other) => other.closest("table") === table);
  const place = [...line.children].indexOf(cell.closest("td"));
  const rest = key === "ArrowUp" ? lines.slice(0, lines.indexOf(line)).reverse() : lines.slice(lines.indexOf(line) + 1);
  return rest.map((other) => other.children[place]?.querySelector(":scope > .cell")).find(Boolean);
}

function listen() {
  let later = 0;
  byId("filters").addEventListener("input", (event) => {
    clearTimeout(later);
    const wait = event.target.id === "q" ? 120 : 0;
    later = setTimeout(() => { readFilters(); drawMatrix(); remember(); }, wait);
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", (event) => {
    event.preventDefault();
    Object.assign(view, NO_FILTER, { closed: new Set() });
    apply();
  });
  byId("expand").addEventListener("click", () => {
    view.open = new Set(tree.flatMap((call) => [call.key, ...call.groups.filter((group) => group.rows.length > 1).map((group) => group.key)]));
    apply();
  });
  byId("collapse").addEventListener("click", () => {
    view.open = new Set();
    view.closed = new Set(tree.map((call) => call.key));
    apply();
  });
  byId("matrix").addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (cell) show(Number(cell.dataset.row), Number(cell.dataset.column));
  });
  byId("matrix").addEventListener("focusin", (event) => {
    const room = event.target.closest(".cell")?.closest("[data-roving]");
    if (!room) return;
    for (const cell of room.querySelectorAll('.cell[tabindex="0"]')) cell.setAttribute("tabindex", "-1");
    event.target.setAttribute("tabindex", "0");
  });
  byId("matrix").addEventListener("keydown", (event) => {
    const cell = event.target.closest(".cell");
    if (!cell || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    neighbour(cell, event.key)?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && view.shown) hideDetails();
  });
  window.addEventListener("hashchange", () => {
    follow();
    if (!view.shown) byId("cases").scrollIntoView();
  });
  window.addEventListener("beforeprint", drawAll);
}

/** Shows what the address asks for. */
function follow() {
  fromFragment(location.hash.slice(1));
  const { shown } = view;
  apply();
  if (shown) reveal(shown.row);
}

byId("matrix").style.setProperty("--columns", COLUMNS.length);
byId("scroll").classList.toggle("many", COLUMNS.length > 8);
byId("app").hidden = false;
fillFilters();
listen();
follow();
