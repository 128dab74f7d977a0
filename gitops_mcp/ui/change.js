// The card of a change: what get_change, review_change and every tool that writes have answered.

const ROAD = ["draft", "pushed", "in_review", "merged", "applied", "healthy"];
const NAMES = { in_review: "in review", dry_run: "dry run", not_opened: "not opened", data_loss: "data loss", rolling_restart: "rolling restart" };
// Where a change that has left the road was last seen on it.
const LEFT_AFTER = { empty: "draft", closed: "in_review", failed: "merged", superseded: "merged", reverted: "merged", discarded: "pushed" };
const TONES = {
  healthy: "good", applied: "good", merged: "good", passed: "good", committed: "good", created: "good", updated: "good", none: "good",
  failed: "bad", error: "bad", outage: "bad", data_loss: "bad", conflicts: "bad", discarded: "bad",
  closed: "careful", reverted: "careful", superseded: "careful", warning: "careful", rolling_restart: "careful", not_opened: "careful",
};
const IMPACTS = {
  none: "No restart, no outage, no loss of data",
  reload: "The configuration is reloaded, without a restart",
  rolling_restart: "Instances restart one after another",
  outage: "Something that works now will stop",
  data_loss: "Data is lost",
};
const OPEN = new Set(["draft", "pushed", "in_review", "empty"]);
const SHOWN_ELSEWHERE = new Set([
  "omitted", "change", "branch", "state", "why", "waited", "base", "base_commit", "tip", "head", "behind", "pull_request", "promotions", "conflicts",
  "commits", "impact", "files", "diff", "diff_omitted_lines", "objects", "engine", "engine_revision", "warnings", "next", "environment", "delivery",
  "outcome", "summary", "commit", "applied", "about", "validated_by", "operator", "verdict", "errors", "unchecked", "title", "body",
]);

let answer = {};
let compared = null;
let confirming = null;
const named = (state) => wordIn(NAMES, state) ?? state.replaceAll("_", " ");
const toneOf = (state) => wordIn(TONES, state) ?? "plain";

// What a write cannot know yet: where its change stands.
async function follow() {
  const found = await host.call("get_change", { change: answer.change });
  const kept = Object.fromEntries(Object.entries(answer).filter(([name]) => !["next", "pull_request", "outcome"].includes(name)));
  answer = { ...found, ...kept, impact: found.impact ?? kept.impact };
  drawChange();
}

function drawChange() {
  replaceCard(
    header(),
    actions(),
    confirming,
    impact(),
    notes("What is wrong", answer.errors, "bad"),
    notes("Warnings", answer.warnings, "careful"),
    notes("Not checked", answer.unchecked, "plain"),
    road(),
    fieldsTable(),
    el("div.columns", objects(), pullRequest()),
    difference(),
    more(),
  );
}

function header() {
  const state = stateOf();
  const from = textOf(answer.branch) || textOf(answer.head).slice(0, 12);
  const base = textOf(answer.base);
  const at = textOf(answer.base_commit) && ` at ${textOf(answer.base_commit).slice(0, 12)}`;
  const where = [textOf(answer.environment), answer.delivery === "direct" && "applied directly"].filter(Boolean).join(", ");
  // What is to be minded of a summary stands below it, so that the title stays one line.
  const [title, mind] = titleOf().split(/\. (.*)/s);
  return el(
    "header",
    el("div.top", el("h1", title), state && badge(named(state), toneOf(state))),
    mind && el("p", prose(mind)),
    textOf(answer.why) && el("p", textOf(answer.why)),
    textOf(answer.waited) && el("p", textOf(answer.waited)),
    el("p.quiet", where && `${where} \u00b7 `, from && el("span.mono", from), from && base && " into ", base && el("span.mono", base + at)),
  );
}

const stateOf = () => textOf(answer.state) || textOf(answer.verdict) || textOf(answer.outcome);

function titleOf() {
  const [last] = listOf(answer.commits).map((one) => textOf(partOf(one).subject));
  if (textOf(answer.verdict)) return `Review of ${pullName() || textOf(answer.head).slice(0, 12)}`;
  return textOf(answer.summary) || textOf(answer.title) || last || textOf(answer.change) || "A change";
}

function pullName() {
  const number = textOf(partOf(answer.pull_request).number);
  return number && `pull request #${number}`;
}

function impact() {
  const { level, reasons } = partOf(answer.impact);
  if (!textOf(level)) return null;
  const known = wordIn(IMPACTS, textOf(level));
  const said = known ?? named(textOf(level));
  const one = el(`li.${known ? toneOf(textOf(level)) : "plain"}`, el("b", said), bullets(textsOf(reasons)));
  return section("Impact", el("ul.notes", one));
}

function notes(title, given, tone) {
  const rows = listOf(given).map(partOf).filter((one) => textOf(one.message) || textOf(one.id));
  const made = rows.map((one) => el(`li.${tone}`, el("b", textOf(one.id)), prose(textOf(one.message))));
  const left = leftOff({ bad: "errors", careful: "warnings", plain: "unchecked" }[tone]);
  return section(title, rows.length ? el("ul.notes", made) : null, left);
}

function leftOff(part) {
  const number = Number(textOf(partOf(answer.omitted)[part]));
  return number > 0 ? el("p.quiet", `${number} more ${part} left off`) : null;
}

function road() {
  const state = textOf(answer.state) || writtenState();
  const next = textsOf(answer.next);
  const who = next.length ? el("div.after", el("h2", "What comes next, and who does it"), bullets(next, "ol")) : null;
  if (!state) return next.length ? section("What comes next, and who does it", bullets(next, "ol")) : null;
  const left = ROAD.includes(state) ? null : state;
  const reached = ROAD.indexOf(left ? (wordIn(LEFT_AFTER, state) ?? "draft") : state);
  const steps = ROAD.slice(0, left ? reached + 1 : ROAD.length).map((name, at) => step(name, at < reached || (left && at === reached) ? "done" : at === reached ? "now" : "ahead", at < reached));
  if (left) steps.push(step(left, "now"));
  return section("Road", withAttributes(el("ol.road", steps), { "aria-label": "Road of the change" }), who);
}

function step(name, when, leads = false) {
  const made = el(`li.${when}`, named(name), el("span.unseen", { done: ", done", now: ", now", ahead: ", to come" }[when]));
  if (leads) made.classList.add("leads");
  if (when === "now") {
    withAttributes(made, { "aria-current": "step" });
    if (name === "healthy") made.classList.add("good");
    if (!ROAD.includes(name)) made.classList.add("bad");
  }
  return made;
}

// As far as the answer of a write tells it.
function writtenState() {
  if (answer.delivery === "direct" || answer.verdict || answer.outcome === "dry_run") return answer.outcome === "discarded" ? "discarded" : "";
  if (answer.outcome === "discarded") return "discarded";
  const state = textOf(partOf(answer.pull_request).state);
  if (state) return wordIn({ open: "in_review", merged: "merged", closed: "closed" }, state) ?? "";
  return answer.outcome === "committed" ? "draft" : "";
}

const CHANGED = /^(\S[^:]*): (.*) -> (.*)$/s;

// Fields before and after: of a review as it tells them, of a write from its lines "field: before -> after".
function fieldsTable() {
  const reviewed = listOf(compared?.objects ?? (answer.verdict ? answer.objects : null)).map(partOf);
  const rows = reviewed.flatMap((one) => {
    const name = [textOf(one.object), one.action !== "modified" && badge(named(textOf(one.action)), one.action === "removed" ? "bad" : "plain")];
    const fields = listOf(one.fields).map(partOf);
    if (!fields.length) return [[el("span", name), "", "", ""]];
    return fields.map((field, at) => [at ? "" : el("span", name), ...changed(textOf(field.field), textOf(field.before), textOf(field.after))]);
  });
  const told = textsOf(answer.about);
  const pairs = told.map((one) => CHANGED.exec(one));
  const written = pairs.filter(Boolean).map(([, field, before, after]) => changed(field, before, after));
  const others = told.filter((_, at) => !pairs[at]);
  const done = textsOf(answer.applied);
  const titles = ["Object", "Field", "Before", "After"];
  const made = rows.length ? table("Fields before and after", titles, rows) : table("Fields before and after", titles.slice(1), written);
  made?.classList.add("by-field");
  return section("What changes", made, bullets(others), done.length ? bullets(done) : null, answer.verdict ? leftOff("objects") : leftOff("about"));
}

const changed = (field, before, after) => [el("span.mono", field), before ? el("del", before) : el("span.quiet", "not set"), after ? el("ins", after) : el("span.quiet", "not set")];

function objects() {
  if (answer.verdict) return null;
  const rows = listOf(answer.objects).map(partOf).map((one) => {
    const state = textOf(one.state);
    return el("li", textOf(one.object), " ", badge(state, toneOf(state)), textOf(one.detail) && el("div.quiet", textOf(one.detail)));
  });
  return section("Live", rows.length ? el("ul", rows) : null, leftOff("objects"));
}

function pullRequest() {
  const pull = partOf(answer.pull_request);
  if (!textOf(pull.number)) return null;
  const names = (given) => textsOf(given).join(", ");
  const state = textOf(pull.state);
  return section(
    "Pull request",
    facts([
      [`#${textOf(pull.number)}`, el("span", badge(pull.draft === true ? `${state}, draft` : state, toneOf(state)), textOf(pull.outcome) && ` ${named(textOf(pull.outcome))}`)],
      ["By", textOf(pull.by)],
      ["Against", textOf(pull.base)],
      ["Can be merged", textOf(pull.mergeable)],
      ["Approved by", names(pull.approved_by)],
      ["Changes requested by", names(pull.changes_requested_by)],
      ["Waits for", names(pull.waiting_for)],
      ["Approvals required", textOf(pull.approvals_required)],
      ["Checks failed", names(pull.checks_failed)],
      ["Checks running", names(pull.checks_pending)],
      ["Checks passed", Number(pull.checks_passed) > 0 ? textOf(pull.checks_passed) : ""],
      ["Not read", names(pull.unread)],
      ["Address", textOf(pull.url)],
    ]),
  );
}

function difference() {
  const text = textOf(answer.diff);
  const files = listOf(answer.files).map(partOf);
  const named = files.map((one) => el("li", el("span.mono", `${textOf(one.path)}:${textOf(one.line)}`), ` ${textOf(one.action)}`));
  const conflicts = textsOf(answer.conflicts);
  const left = Number(textOf(answer.diff_omitted_lines));
  const parts = text ? diffParts(text) : [];
  // A diff that holds all of them names them already.
  const list = named.length > parts.length ? folded(counted(named.length, "file"), !text && named.length <= 20, el("ul", named)) : null;
  return section(
    "Files",
    conflicts.length ? el("ul.notes", el("li.bad", el("b", "Conflicts that a person has to resolve"), bullets(conflicts))) : null,
    parts,
    left > 0 ? el("p.quiet", `${counted(left, "line")} of the diff left off`) : null,
    list,
    leftOff("files"),
  );
}

function more() {
  const commits = listOf(answer.commits).map(partOf).map((one) => {
    const by = [textOf(one.author), textOf(one.committed)].filter(Boolean).join(", ");
    return el("li", el("span.mono", textOf(one.id).slice(0, 12)), ` ${textOf(one.subject)} `, el("span.quiet", by), textOf(one.body) && el("pre", textOf(one.body)));
  });
  const engine = [textOf(answer.engine), textOf(answer.engine_revision).slice(0, 12)].filter(Boolean).join(" at ");
  const promotions = listOf(answer.promotions).map(partOf);
  const rows = facts([
    ["Change", textOf(answer.change)],
    ["Commit", textOf(answer.commit) || textOf(answer.tip)],
    ["Behind the base", Number(textOf(answer.behind)) > 0 ? counted(Number(answer.behind), "commit") : ""],
    ["Commits", listOf(answer.commits).length ? "" : textOf(answer.commits)],
    ["Engine", engine],
    ["Checked by", textsOf(answer.validated_by).join(", ")],
    ["Operator", textOf(answer.operator)],
    ...promotions.map((one) => ["Promotion", `${textOf(one.branch) || "a new branch"} into ${textOf(one.into)}`]),
  ]);
  const unknown = Object.entries(answer).filter(([name, value]) => !SHOWN_ELSEWHERE.has(name) && value !== null);
  return section(
    "Details",
    rows,
    textOf(answer.body) && folded("Text of the pull request", false, el("pre", answer.body)),
    commits.length ? folded(counted(commits.length, "commit"), false, el("ul", commits), leftOff("commits")) : null,
    unknown.length ? folded("Fields that this card does not know", false, el("pre", JSON.stringify(Object.fromEntries(unknown), null, 2))) : null,
  );
}

function actions() {
  const pull = textOf(partOf(answer.pull_request).url);
  const opens = pull && webAddress(pull) ? link("Open the pull request", pull) : null;
  if (opens?.tagName === "BUTTON") opens.classList.add("main");
  const change = textOf(answer.change);
  const gone = answer.outcome === "discarded";
  if (!host || !host.callsTools || !change || gone) return opens ? el("div.actions", opens) : null;
  const state = textOf(answer.state) || writtenState();
  const open = OPEN.has(state);
  const made = el(
    "div.actions",
    opens,
    answer.outcome !== "dry_run" && button("Refresh", refresh),
    open && !fieldsKnown() && button("Compare fields", compare),
    open && (Number(textOf(answer.behind)) > 0 || listOf(answer.conflicts).length > 0) && button("Bring up to the base", bringUp),
    open && button("Discard\u2026", askDiscard, "danger"),
  );
  return made.children.length ? made : null;
}

const fieldsKnown = () => Boolean(compared || textsOf(answer.about).length);

async function refresh() {
  answer = await host.call("get_change", { change: answer.change });
  [compared, confirming] = [null, null];
  drawChange();
  return `Read again: ${named(stateOf())}`;
}

async function compare() {
  compared = await host.call("review_change", { ref: answer.branch });
  drawChange();
  return "Compared with the base";
}

async function bringUp() {
  const done = await host.call("refresh_change", { change: answer.change });
  await refresh();
  return textOf(done.summary) || "Brought up to the base";
}

// The first press asks what would be lost, the second does it.
async function askDiscard() {
  const lost = await host.call("discard_change", { change: answer.change, dry_run: true });
  const pull = partOf(lost.pull_request);
  const commits = Number(textOf(lost.commits));
  const label = `Discard ${counted(commits, "commit")} for good`;
  const told = [
    `Branch ${textOf(lost.branch)} with ${counted(commits, "commit")}, the last one ${textOf(lost.tip).slice(0, 12)}`,
    textOf(pull.number) && `Pull request #${textOf(pull.number)} is closed`,
    ...listOf(lost.warnings).map((one) => textOf(partOf(one).message)),
  ].filter(Boolean);
  const keep = withAttributes(el("button", "Keep it"), { type: "button" });
  keep.addEventListener("click", () => {
    confirming = null;
    drawChange();
    say("Nothing was discarded");
  });
  confirming = withAttributes(
    el("div.confirm", el("b", "This is lost; nothing live changes"), bullets(told), el("div.actions", button(label, discard, "danger"), keep)),
    { role: "alertdialog", "aria-label": "What discarding the change loses" },
  );
  drawChange();
  keep.focus();
  return `Press \u201c${label}\u201d to discard it`;
}

async function discard() {
  const done = await host.call("discard_change", { change: answer.change, confirm_deletion: true });
  [answer, compared, confirming] = [done, null, null];
  drawChange();
  return "Discarded";
}

startCard({
  draw(structured) {
    [answer, compared, confirming] = [structured, null, null];
    drawChange();
    if (host?.callsTools && answer.outcome === "committed" && textOf(answer.change)) ask("The road of the change", follow);
  },
  again: (input) => (textOf(input.change) ? { tool: "get_change", arguments: { change: textOf(input.change) } } : null),
});
