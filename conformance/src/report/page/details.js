// The details of a result: what is claimed, the steps with what was wanted and what came
// back, and the command that runs the case again.

/** Shows the details of a result, or hides them. */
function drawDetails() {
  const pane = byId("details");
  pane.hidden = !view.shown;
  byId("split").classList.toggle("with-details", Boolean(view.shown));
  markShown();
  if (!view.shown) {
    pane.replaceChildren();
    return;
  }
  const { row, column } = view.shown;
  const cell = cellOf(row, column);
  pane.replaceChildren(...present([
    el("div", { class: "bar" },
      el("button", { type: "button", click: () => step(-1) }, "Previous"),
      el("button", { type: "button", click: () => step(1) }, "Next"),
      el("button", { type: "button", class: "close", "aria-label": "Close the details", click: hideDetails }, "Close")),
    el("h3", { id: "details-title", tabindex: "-1" }, breakable(data.ids[row])),
    el("p", { class: "outcome" }, drawStatus(cell.status, cell.excuse !== null), ` on ${data.columns[column].name} `,
      el("span", { class: "about" }, cell.status === NOT_RUN ? "" : duration(cell.micros))),
    cell.reason && el("p", { class: "reason" }, cell.reason),
    cell.excuse && el("p", { class: "excuse" },
      el("strong", {}, cell.excuse.isKnown ? "Excused, a known difference: " : "Excused by its class: "), cell.excuse.cause),
    el("dl", {},
      el("dt", {}, "Claim"), el("dd", {}, claimOf(row)),
      el("dt", {}, "Clause"), el("dd", {}, `${clauseOf(row)} (${classOf(row)})`)),
    drawOthers(row, column),
    drawSteps(row, column, cell),
    drawCommand("Run it again", `conformance run --case ${forShell(data.ids[row])}${data.columns[column].again}`),
    drawCommand("Its text", `conformance show ${forShell(data.ids[row])}`),
  ]));
}

function drawStatus(status, excused) {
  if (status === NOT_RUN) return "not run";
  const { word, sign, name } = STATUSES[status];
  return el("span", {},
    el("span", { class: `sign ${name}${excused ? " excused" : ""}`, "aria-hidden": "true" }, excused ? `${sign}*` : sign),
    ` ${word}`);
}

/** What the other columns say. */
function drawOthers(row, column) {
  const others = COLUMNS.filter((other) => other !== column);
  return others.length > 0 && el("ul", { class: "others", "aria-label": "On the other targets" },
    others.map((other) => {
      const { status, reason, excuse } = cellOf(row, other);
      const label = [data.columns[other].name, ": ", drawStatus(status, excuse !== null), reason && ` ${reason}`];
      return el("li", { class: outcomeOf(row, other) !== outcomeOf(row, column) && status !== NOT_RUN && "different" },
        status === NOT_RUN ? label : el("button", { type: "button", click: () => show(row, other) }, label));
    }));
}

/** The steps: what was done, what was wanted, what came back, here and where it differs. */
function drawSteps(row, column, cell) {
  const steps = cell.status === NOT_RUN ? [] : stepsOf(cell.sequence);
  if (steps.length === 0) return el("p", { class: "about" }, "No step was taken.");
  const isTerse = steps.some((step) => step.got.endsWith("…"));
  return [drawStepList(steps, row, column, cell), isTerse && el("p", { class: "about" },
    "… stands for times and numbers that no step asked for; the log has them.")];
}

function drawStepList(steps, row, column, cell) {
  return el("ol", { class: "steps", "aria-label": "Steps" }, steps.map((step, index) => {
    // A case ends with the step that is not as wanted.
    const isLast = index === steps.length - 1 && isWrong(cell.status);
    return el("li", { class: isLast && "wrong" },
      code(step.op),
      isLast && el("span", { class: "mark" }, " ✗", el("span", { class: "unseen" }, " not as wanted")),
      el("dl", {},
        step.want && [el("dt", {}, "wanted"), el("dd", {}, code(step.want))],
        el("dt", {}, "got"), el("dd", {}, step.got ? drawGot(step) : "nothing"),
        drawOtherGots(step, index, row, column)));
  }));
}

/** A line of the notation, whose arrow is not broken. */
const code = (text) => el("code", {}, text.split(/(->)/).map((part) =>
  (part === "->" ? el("span", { class: "arrow" }, part) : part)));

/** The fields of an outcome, by name; the words that are no field come first, as they are. */
function fieldsOf(text) {
  const words = text.split(" ");
  return words.map((word) => [/^[a-z_0-9]+(?=[=<>!])/.exec(word)?.[0] ?? "", word]);
}

/** What came back, with the fields that were asked for brought out. */
function drawGot({ want, got }) {
  const wanted = new Set(fieldsOf(want).map(([name]) => name));
  const parts = fieldsOf(got).flatMap(([name, word], index) => [
    index > 0 && " ",
    want !== "" && wanted.size > 0 && (name === "" || wanted.has(name)) ? el("strong", {}, word) : word,
  ]);
  return el("code", {}, parts);
}

/** What came back in other columns, where it is not the same in what was asked for. */
function drawOtherGots(step, index, row, column) {
  const gots = new Map();
  for (const other of ranIn(row)) {
    const there = stepsOf(cellOf(row, other).sequence)[index];
    if (other === column || !there || there.op !== step.op || asked(step, there.got) === asked(step, step.got)) continue;
    const got = asked(step, there.got) || "nothing";
    gots.set(got, [...(gots.get(got) ?? []), data.columns[other].name]);
  }
  return [...gots].flatMap(([got, names]) => [
    el("dt", { class: "differs" }, `≠ ${names.join(", ")}`), el("dd", {}, code(got)),
  ]);
}

/** The part of an outcome that a step asks for: its word, and the fields that it names. */
function asked({ want }, got) {
  const names = new Set(fieldsOf(want).map(([name]) => name));
  const isAsked = ([name, word]) => (name === "" && word !== "…") || names.has(name);
  return fieldsOf(got).filter(isAsked).map(([, word]) => word).join(" ");
}

function drawCommand(title, command) {
  const copy = el("button", {
    type: "button",
    click: async () => {
      await copyText(command);
      copy.textContent = "Copied";
    },
  }, "Copy");
  return el("div", { class: "command" }, el("h4", {}, title), el("pre", {}, code(command)), copy);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page from a file may not: the old way then, from an element that is selected.
    const area = el("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** A word for a shell, which is not to see anything in it. */
function forShell(word) {
  return /^[A-Za-z0-9_.,:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function show(row, column) {
  view.shown = { row, column };
  drawDetails();
  remember();
  byId("details-title").focus({ preventScroll: true });
  byId("details").scrollTop = 0;
}

/** Hides the details, and goes back to where they were asked for. */
function hideDetails() {
  const cell = shownCell();
  view.shown = null;
  drawDetails();
  remember();
  cell?.focus();
}

/** Goes to the next of the cases that the filter lets through, or to the one before. */
function step(by) {
  const { row, column } = view.shown;
  const rows = ROWS.filter((other) => isMatching[other] && statusOf(other, column) !== NOT_RUN);
  const next = by > 0 ? rows.find((other) => other > row) : rows.findLast((other) => other < row);
  if (next === undefined) return;
  view.shown = { row: next, column };
  reveal(next);
  drawDetails();
  remember();
  const buttons = byId("details").querySelectorAll(".bar button");
  buttons[by > 0 ? 1 : 0].focus();
}
