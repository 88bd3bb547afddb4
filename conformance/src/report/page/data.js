// The data of the page: `page/data.rs` writes it. A row is a case, by its number.

const data = JSON.parse(byId("data").textContent);

const STATUSES = data.statuses.map(([word, sign, name]) => ({ word, sign, name }));
const [PASS, , , SKIP] = STATUSES.keys();
const NOT_RUN = -1;

const ROWS = [...data.ids.keys()];
const COLUMNS = [...data.columns.keys()];
const rowOf = new Map(data.ids.map((id, row) => [id, row]));

const statusOf = (row, column) => data.columns[column].cells[row * 5];

/** What came of a case in a column. */
function cellOf(row, column) {
  const [status, micros, reason, excuse, sequence] = data.columns[column].cells.slice(row * 5, row * 5 + 5);
  const [isKnown, cause] = excuse > 0 ? data.excuses[excuse - 1] : [false, 0];
  return {
    status,
    micros,
    reason: data.texts[reason],
    excuse: excuse > 0 ? { isKnown, cause: data.texts[cause] } : null,
    sequence,
  };
}

const isExcused = (row, column) => data.columns[column].cells[row * 5 + 3] > 0;

/** Whether a result neither passed nor was skipped. */
const isWrong = (status) => status !== PASS && status !== SKIP && status !== NOT_RUN;

/** The steps of a sequence. */
function stepsOf(sequence) {
  return data.sequences[sequence].map((step) => {
    const [op, want, got] = data.steps.slice(step * 3, step * 3 + 3).map((text) => data.texts[text]);
    return { op, want, got };
  });
}

const classOf = (row) => data.texts[data.claims[row * 3]];
const clauseOf = (row) => data.texts[data.claims[row * 3 + 1]];
const claimOf = (row) => data.texts[data.claims[row * 3 + 2]];

/** By row, the columns in which the case was run. */
const ran = ROWS.map((row) => COLUMNS.filter((column) => statusOf(row, column) !== NOT_RUN));
const ranIn = (row) => ran[row];

/**
 * What is compared between columns: how it ended and why. Why something was skipped
 * is told by a probe of that place, and makes no difference.
 */
function outcomeOf(row, column) {
  const { cells } = data.columns[column];
  const status = cells[row * 5];
  return status === SKIP ? SKIP : status * 1e9 + cells[row * 5 + 2];
}

/** By row, whether the columns of the case say different things. */
const differing = ROWS.map((row) =>
  ran[row].some((column) => outcomeOf(row, column) !== outcomeOf(row, ran[row][0])));
const differs = (row) => differing[row];

/** The columns in which a case was run, by what they say. */
function outcomesOf(row) {
  const columns = new Map();
  for (const column of ranIn(row)) {
    const outcome = outcomeOf(row, column);
    columns.set(outcome, [...(columns.get(outcome) ?? []), column]);
  }
  return [...columns.values()];
}

/** Whether a column says something else than the first one in which the case was run. */
function deviates(row, column) {
  const [first] = ranIn(row);
  return column !== first && outcomeOf(row, column) !== outcomeOf(row, first);
}

/** The first word of what came back, if it is the name of an errno. */
function errnoOf(got) {
  const [word] = got.split(" ", 1);
  return /^E[A-Z0-9]+$/.test(word) ? word : null;
}

/**
 * By sequence, the errors that came back: `EEXIST`, and `rename EEXIST` where the manual
 * page of the call has it.
 */
const errorsOf = data.sequences.map((steps) => new Set(steps.flatMap((step) => {
  const got = errnoOf(data.texts[data.steps[step * 3 + 2]]);
  return [got, data.texts[data.errors[step]]].filter(Boolean);
})));

/** How often each value comes, in the order in which they are met. */
function count(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** How many results of rows in a column ended how, by status; excused ones apart. */
function tally(rows, column) {
  const counts = STATUSES.map(() => [0, 0]);
  for (const row of rows) {
    const status = statusOf(row, column);
    if (status !== NOT_RUN) counts[status][isExcused(row, column) ? 1 : 0] += 1;
  }
  return counts;
}
