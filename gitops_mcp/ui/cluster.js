// The card of a cluster: what get_cluster_status has answered, findings first.

const CLUSTER_TONES = {
  ok: "good", healthy: "good", completed: "good", yes: "good", Bound: "good", Running: "good", active: "good", ready: "good",
  critical: "bad", failed: "bad", failing: "bad", no: "bad", unavailable: "bad", Lost: "bad",
  warning: "careful", progressing: "careful", waiting: "careful", pending: "careful", absent: "careful", suspended: "careful", unknown: "careful",
};
const FINDING_TONES = { critical: "bad", warning: "careful", info: "plain" };
const SVG = "http://www.w3.org/2000/svg";
const DETAILED = ["instances", "volumes", "services", "certificates", "databases", "roles", "poolers"];
const CLUSTER_SHOWN = new Set([
  "omitted", "environment", "namespace", "name", "live", "phase", "phase_class", "healthy", "summary", "git", "engines", "problems", "not_read",
  "warnings", "conditions", "backups", "events", "others", ...DETAILED,
]);

let seen = {};
const clusterTone = (word) => CLUSTER_TONES[word] ?? "plain";
const rowsOf = (name) => listOf(seen[name]).map(partOf);
// "2026-01-31T09:00:00Z (5m)": the moment, and how long ago that is.
const momentOf = (text) => new Date(textOf(text).split(" ")[0]).getTime();
// A row below the other where there is no room for columns.
function stacked(...given) {
  const made = table(...given);
  made?.classList.add("by-field");
  return made;
}
const agoOf = (text) => (/\((.*)\)$/.exec(textOf(text)) ?? [])[1] ?? textOf(text);

function drawCluster() {
  replaceCard(
    clusterHeader(),
    clusterActions(),
    findings(),
    warningsOf(),
    topology(),
    el("div.columns", services(), inGit()),
    backups(),
    volumes(),
    el("div.columns", declaredRows("Databases", "databases"), declaredRows("Roles", "roles")),
    certificates(),
    clusterMore(),
  );
}

function clusterHeader() {
  const top = partOf(seen.summary);
  const state = textOf(seen.phase) || { available: "live", unavailable: "the API did not answer", absent: "not live" }[textOf(seen.live)] || textOf(seen.live);
  const tone = seen.healthy === true ? "good" : seen.healthy === false ? "bad" : clusterTone(textOf(seen.phase_class) || textOf(seen.live));
  const facts = [
    textOf(top.instances) && `${textOf(top.instances)}`,
    textOf(top.postgres) && `PostgreSQL ${textOf(top.postgres)}`,
    textOf(top.storage),
    textOf(top.wal_storage) && `${textOf(top.wal_storage)} for WAL`,
    textOf(top.created) && `${textOf(top.created)} old`,
    textsOf(top.fenced).length && `fenced: ${textsOf(top.fenced).join(", ")}`,
    top.hibernated === true && "hibernated",
    top.deleting === true && "is being deleted",
    textOf(top.replica_of) && `replica of ${textOf(top.replica_of)}`,
  ].filter(Boolean);
  return el(
    "header",
    el("div.top", el("h1", [textOf(seen.namespace), textOf(seen.name)].filter(Boolean).join("/") || "A cluster"), state && badge(state, tone)),
    textOf(top.phase_reason) && el("p", textOf(top.phase_reason)),
    facts.length && el("p", facts.join(" \u00b7 ")),
    el("p.quiet", textOf(seen.environment), textOf(top.image) && " \u00b7 ", textOf(top.image) && el("span.mono", textOf(top.image))),
  );
}

function clusterCall(more) {
  const asked = { cluster_name: textOf(seen.name), namespace: textOf(seen.namespace), environment: textOf(seen.environment) };
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
  return { tool: "get_cluster_status", arguments: { ...given, ...more } };
}

function clusterActions() {
  if (!host || !host.callsTools || !textOf(seen.name)) return null;
  const isDetailed = DETAILED.some((name) => Array.isArray(seen[name]));
  const again = button("Refresh", () => askFor(clusterCall(isDetailed ? { detail_level: "detailed" } : {}), receiveCluster));
  const all = isDetailed ? null : button("Show everything", () => askFor(clusterCall({ detail_level: "detailed" }), receiveCluster), "main");
  return el("div.actions", all, again);
}

function findings() {
  const rows = rowsOf("problems");
  const made = rows.map((one) =>
    el(
      `li.${FINDING_TONES[textOf(one.severity)] ?? "plain"}`,
      el("b", [textOf(one.severity), textOf(one.id)].filter(Boolean).join(": ")),
      prose(textOf(one.what)),
      textOf(one.detail) && el("p.quiet", textOf(one.detail)),
      textOf(one.action) && el("p", el("b", "What to do"), prose(textOf(one.action))),
    ),
  );
  const unread = textsOf(seen.not_read);
  const limited = unread.length ? el("p.quiet", `Not looked at: ${unread.join("; ")}.`) : null;
  const more = Number(textOf(partOf(seen.omitted).problems));
  const left = more > 0 ? el("p.quiet", `${counted(more, "more finding")} left off`) : null;
  const nothing = unread.length ? el("li.plain", "Nothing wrong was found in what was looked at.") : el("li.good", "Nothing wrong was found.");
  const none = textOf(seen.live) === "available" && !left ? el("ul.notes", nothing) : null;
  return section("Findings", made.length ? el("ul.notes", made) : none, left, limited);
}

function warningsOf() {
  const rows = rowsOf("warnings").filter((one) => textOf(one.message) || textOf(one.id));
  return section("Warnings", rows.length ? el("ul.notes", rows.map((one) => el("li.careful", el("b", textOf(one.id)), prose(textOf(one.message))))) : null);
}

// Instances by the node that they run on: what is lost where one goes.
function topology() {
  const rows = rowsOf("instances");
  if (!rows.length) {
    const primary = textOf(partOf(seen.summary).primary);
    return section("Instances", primary && facts([["Primary", primary], ["Switching to", textOf(partOf(seen.summary).switching_to)]]));
  }
  const nodes = [...new Set(rows.map((one) => textOf(one.node)))];
  const made = nodes.map((node) =>
    el("div.node", el("p.quiet", node ? `node ${node}` : "no node yet"), rows.filter((one) => textOf(one.node) === node).map(instance)),
  );
  const alone = nodes.length === 1 && rows.length > 1 ? el("p.quiet", "All instances are on one node.") : null;
  return section("Instances", el("div.nodes", made), alone, poolers());
}

function instance(one) {
  const state = textOf(one.state);
  const trouble = [textOf(one.waiting), one.ready === false && "not ready", Number(one.restarts) > 0 && counted(Number(one.restarts), "restart")].filter(Boolean);
  const about = [textOf(one.pod), textOf(one.started) && `since ${agoOf(one.started)}`, ...trouble].filter(Boolean);
  return el(
    `div.instance${textOf(one.role) === "primary" ? ".primary" : ""}`,
    el("div.top", el("b.mono", textOf(one.name)), badge(textOf(one.role) || "no role", textOf(one.role) === "primary" ? "good" : "plain"), state && badge(state, clusterTone(state))),
    about.length && el("p.quiet", about.join(", ")),
  );
}

function poolers() {
  const rows = rowsOf("poolers");
  const made = rows.map((one) => [textOf(one.name), textOf(one.type), textOf(one.instances), textOf(one.phase) + (textOf(one.reason) && `: ${textOf(one.reason)}`)]);
  return made.length ? stacked("Poolers", ["Pooler", "Type", "Pods", "Phase"], made) : null;
}

function services() {
  const rows = rowsOf("services").map((one) => [
    el("span.mono", `${textOf(one.host)}${listOf(one.ports).length ? `:${textsOf(one.ports).join(", ")}` : ""}`),
    [textOf(one.serves), textsOf(one.external).join(", ")].filter(Boolean).join("; "),
  ]);
  return section("Services", stacked("Services", ["Host and port", "Leads to"], rows));
}

function inGit() {
  const git = partOf(seen.git);
  const last = partOf(git.last_change);
  const differs = listOf(git.differs).map(partOf);
  const rows = differs.map((one) => [el("span.mono", textOf(one.field)), el("ins", textOf(one.git) || "not stated"), el("del", textOf(one.live) || "not set")]);
  const made = facts([
    ["Declared", textOf(git.declared)],
    ["Last change", textOf(last.subject) && `${textOf(last.subject)} (${[textOf(last.author), textOf(last.age)].filter(Boolean).join(", ")})`],
    ["Open changes", textsOf(git.pending).join("; ")],
    ["Applied by", textsOf(seen.engines).join("; ") || textOf(git.applied_by)],
  ]);
  return section("In Git", made, rows.length ? stacked("Live differs from Git", ["Field", "Git", "Live"], rows) : null);
}

function backups() {
  const found = partOf(seen.backups);
  const windows = listOf(found.recovery_windows).map(partOf);
  const recent = listOf(found.recent).map(partOf);
  const schedules = listOf(found.schedules).map(partOf);
  const rows = facts([
    ["In short", textOf(found.line)],
    ["Archiver", textOf(found.archiver)],
    ["Completed", textOf(found.completed) && `${textOf(found.completed)}${textOf(found.older) && `, ${textOf(found.older)} older ones not shown`}`],
    ...windows.map((one) => ["Restorable", restorable(one)]),
    ...recent.filter((one) => textOf(one.waits)).map((one) => ["Waits", `${textOf(one.name)}: ${textOf(one.waits)}`]),
    ...schedules.map((one) => [
      "Schedule",
      `${textOf(one.name)}: ${textOf(one.schedule)}, next ${textOf(one.next) || "unknown"}${textOf(one.late) && `, late by ${textOf(one.late)}`}${one.suspended === true ? ", suspended" : ""}${textOf(one.error) && `, ${textOf(one.error)}`}`,
    ]),
  ]);
  const failed = recent.filter((one) => textOf(one.error)).map((one) => el("li.bad", el("b", textOf(one.name)), textOf(one.error)));
  return section("Backups", backupLine(windows, recent, schedules), rows, failed.length ? el("ul.notes", failed) : null);
}

// Until when WAL is there an answer does not say; the last backup that succeeded is the end that is known.
function restorable(one) {
  const told = [
    textOf(one.first) && `from ${textOf(one.first)}`,
    textOf(one.last_success) && `last backup ${textOf(one.last_success)}`,
    textOf(one.last_failure) && `last failure ${textOf(one.last_failure)}`,
    textOf(one.store),
  ];
  return told.filter(Boolean).join(", ");
}

// From the oldest moment that is known to the next backup; a bar is between the first and the last good backup.
function backupLine(windows, recent, schedules) {
  const now = Date.now();
  const dots = recent.map((one) => ({ at: momentOf(one.stopped || one.started), tone: clusterTone(textOf(one.phase)), name: `${textOf(one.name)}: ${textOf(one.phase)}` }));
  const next = schedules.map((one) => ({ at: momentOf(one.next), tone: "plain", name: `${textOf(one.name)} runs next` }));
  const bars = windows.map((one) => ({ from: momentOf(one.first), to: momentOf(one.last_success) }));
  const moments = [...dots, ...next].map((one) => one.at).concat(bars.flatMap((one) => [one.from, one.to])).filter(Number.isFinite);
  if (!moments.some((one) => one < now)) return null;
  const from = Math.min(...moments);
  const to = Math.max(now, ...moments);
  const x = (moment) => 8 + (584 * (moment - from)) / (to - from || 1);
  const drawing = drawn("svg", { viewBox: "0 0 600 46", role: "img", class: "timeline", "aria-label": `Backups from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}` });
  drawing.append(drawn("line", { x1: 8, x2: 592, y1: 16, y2: 16, class: "axis" }));
  for (const one of bars.filter((bar) => Number.isFinite(bar.from))) {
    const width = one.to > one.from ? Math.max(x(one.to) - x(one.from), 4) : 4;
    const told = one.to > one.from ? "Restorable from the first of these backups to at least the last" : "Restorable from here on; the end is not known";
    drawing.append(titled(drawn("rect", { x: x(one.from), y: 11, width, height: 10, rx: 2, class: "window" }), told));
  }
  for (const one of [...dots, ...next].filter((dot) => Number.isFinite(dot.at))) {
    drawing.append(titled(drawn("circle", { cx: x(one.at), cy: 16, r: 5, class: one.tone }), `${one.name}, ${new Date(one.at).toISOString()}`));
  }
  drawing.append(written(8, "start", new Date(from).toISOString().slice(0, 16).replace("T", " ")), written(x(now), x(now) > 300 ? "end" : "start", "now"));
  return drawing;
}

function drawn(what, attributes) {
  return withAttributes(document.createElementNS(SVG, what), attributes);
}

function titled(shape, text) {
  const title = drawn("title", {});
  title.textContent = shown(text);
  shape.append(title);
  return shape;
}

function written(x, anchor, text) {
  const made = drawn("text", { x, y: 40, "text-anchor": anchor });
  made.textContent = shown(text);
  return made;
}

function volumes() {
  const rows = rowsOf("volumes").map((one) => [
    el("span.mono", textOf(one.name)),
    [textOf(one.role), textOf(one.tablespace)].filter(Boolean).join(" "),
    textOf(one.capacity) && textOf(one.requested) && one.capacity !== one.requested ? `${textOf(one.capacity)} of ${textOf(one.requested)} asked for` : textOf(one.capacity) || textOf(one.requested),
    textOf(one.storage_class),
    [textOf(one.state) || textOf(one.phase), textOf(one.resizing)].filter(Boolean).join(", "),
  ]);
  return section("Volumes", stacked("Volumes", ["Volume", "For", "Size", "Class", "State"], rows));
}

function declaredRows(title, name) {
  const rows = rowsOf(name).map((one) => {
    const state = textOf(one.applied) ? (one.applied === "yes" ? "applied" : `not applied: ${textOf(one.message) || textOf(one.applied)}`) : textOf(one.state);
    const flags = [one.deleting === true && "is being deleted", textOf(one.stale), textOf(one.failing)];
    return [el("span.mono", textOf(one.name)), [state, textOf(one.owner) && `owner ${textOf(one.owner)}`, ...flags, ...textsOf(one.errors)].filter(Boolean).join("; ")];
  });
  return section(title, stacked(title, ["Name", "State"], rows));
}

function certificates() {
  const rows = rowsOf("certificates").map((one) => [el("span.mono", textOf(one.secret)), textOf(one.expires), textOf(one.days_left), one.renewed_by_operator === true ? "the operator" : "you"]);
  return section("Certificates", stacked("Certificates", ["Secret", "Expires", "Days left", "Renewed by"], rows));
}

function clusterMore() {
  const events = rowsOf("events").map((one) => [agoOf(one.last), textOf(one.reason), textOf(one.message)]);
  const conditions = rowsOf("conditions").map((one) => [textOf(one.type), textOf(one.status), textOf(one.message)]);
  const others = rowsOf("others").map((one) => Object.entries(one).map(([name, value]) => `${name} ${textOf(value)}`).join(", "));
  const left = Object.entries(partOf(seen.omitted)).filter(([, number]) => Number(number) > 0).map(([name, number]) => `${number} more ${name} left off`);
  const unknown = Object.entries(seen).filter(([name, value]) => !CLUSTER_SHOWN.has(name) && value !== null);
  return section(
    "Details",
    left.length ? el("p.quiet", left.join("; ")) : null,
    conditions.length ? folded(counted(conditions.length, "condition"), false, stacked("Conditions", ["Condition", "Status", "Message"], conditions)) : null,
    events.length ? folded(counted(events.length, "event"), false, stacked("Events", ["When", "Reason", "Message"], events)) : null,
    others.length ? folded("Plugins, budgets and jobs", false, bullets(others)) : null,
    unknown.length ? folded("What this card does not know", false, el("pre", JSON.stringify(Object.fromEntries(unknown), null, 2))) : null,
  );
}

function receiveCluster(structured) {
  seen = partOf(structured);
  drawCluster();
}

startCard({
  draw: receiveCluster,
  again: (input) => (textOf(input.cluster_name) ? { tool: "get_cluster_status", arguments: input } : null),
});
