// Which cases are shown. The filter is in the fragment of the address, so that a view
// can be linked: #q=rename.*&status=FAIL,TIMEOUT&differences=1

const NO_FILTER = {
  q: "",
  clause: "",
  errno: "",
  cause: "",
  status: [],
  class: [],
  differences: false,
  unpassed: false,
  counted: false,
};

const view = {
  ...NO_FILTER,
  /** Whether products are drawn as grids. */
  grid: true,
  /** What is expanded: `rename`, `rename.types`. */
  open: new Set(),
  /** What the reader has closed since the filter opened everything. */
  closed: new Set(),
  /** Whose details are shown, if any: a row and a column. */
  shown: null,
};

const isFiltered = () => Object.keys(NO_FILTER).some((key) => String(view[key]) !== String(NO_FILTER[key]));

/** The view as a fragment. */
function toFragment() {
  const words = new URLSearchParams();
  for (const key of ["q", "clause", "errno", "cause"]) if (view[key]) words.set(key, view[key]);
  for (const key of ["status", "class"]) if (view[key].length > 0) words.set(key, view[key].join(","));
  for (const key of ["differences", "unpassed", "counted"]) if (view[key]) words.set(key, "1");
  if (!view.grid) words.set("list", "1");
  if (view.open.size > 0) words.set("open", [...view.open].join(","));
  if (view.shown) words.set("show", `${data.ids[view.shown.row]}@${view.shown.column}`);
  // A reader of the address sees what is meant.
  return words.toString().replaceAll("%2C", ",").replaceAll("%40", "@").replaceAll("%28", "(").replaceAll("%29", ")");
}

/** Sets the view from a fragment. What is no part of this page is passed over. */
function fromFragment(fragment) {
  const words = new URLSearchParams(fragment);
  const list = (key) => (words.get(key) ?? "").split(",").filter(Boolean);
  for (const key of ["q", "clause", "errno", "cause"]) view[key] = words.get(key) ?? "";
  for (const key of ["differences", "unpassed", "counted"]) view[key] = words.get(key) === "1";
  view.status = list("status").filter((word) => STATUSES.some((status) => status.word === word));
  view.class = list("class");
  view.grid = words.get("list") !== "1";
  view.open = new Set(list("open"));
  view.closed = new Set();
  const [, id, column] = /^(.*)@(\d+)$/s.exec(words.get("show") ?? "") ?? [];
  const isHere = rowOf.has(id) && Number(column) < COLUMNS.length;
  view.shown = isHere ? { row: rowOf.get(id), column: Number(column) } : null;
}

/** The pattern of `--case`: `*` and `?`, and the first words of an id for all below it. */
function glob(pattern) {
  const any = pattern.replace(/\*+/g, "*").replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${any.replaceAll("*", "[^]*").replaceAll("?", "[^]")}(?:\\.[^]*)?$`, "i");
}

/** What the words of the search box ask of a row: all of them. */
function search(text) {
  const asks = text.split(/\s+/).filter(Boolean).map((word) => {
    if (/[*?]/.test(word)) {
      const pattern = glob(word);
      return (row) => pattern.test(data.ids[row]);
    }
    const part = word.toLowerCase();
    return (row) => searchable(row).includes(part);
  });
  return (row) => asks.every((ask) => ask(row));
}

const searchTexts = [];

/** What the search box searches in: the id, the claim, the reasons. */
function searchable(row) {
  searchTexts[row] ??= [
    data.ids[row],
    claimOf(row),
    ...ranIn(row).map((column) => cellOf(row, column).reason),
  ].join("\n").toLowerCase();
  return searchTexts[row];
}

/** The rows that the filter lets through. A result that is asked for may be in any column. */
function filtered() {
  const asks = [];
  if (view.q.trim()) asks.push(search(view.q));
  if (view.class.length > 0) asks.push((row) => view.class.includes(classOf(row)));
  if (view.clause) asks.push((row) => clauseOf(row) === view.clause);
  if (view.cause) {
    const cells = data.causes.find((cause) => cause.text === view.cause)?.cells ?? [];
    const rows = new Set(cells.filter((_, index) => index % 2 === 0));
    asks.push((row) => rows.has(row));
  }
  if (view.differences) asks.push(differs);

  const ofCell = [];
  if (view.status.length > 0) ofCell.push((row, column) => view.status.includes(STATUSES[statusOf(row, column)].word));
  if (view.unpassed) ofCell.push((row, column) => isWrong(statusOf(row, column)));
  if (view.counted) ofCell.push((row, column) => !isExcused(row, column));
  if (view.errno) {
    ofCell.push((row, column) => errorsOf[data.columns[column].cells[row * 5 + 4]].has(view.errno));
  }
  if (ofCell.length > 0) {
    asks.push((row) => ranIn(row).some((column) => ofCell.every((ask) => ask(row, column))));
  }
  return ROWS.filter((row) => asks.every((ask) => ask(row)));
}
