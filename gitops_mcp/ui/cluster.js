// The card of a cluster: what get_cluster_status has answered, findings first.

const CLUSTER_TONES = {
  ok: "good", healthy: "good", completed: "good", yes: "good", Bound: "good", Running: "good", active: "good", ready: "good",
  critical: "bad", failed: "bad", failing: "bad", no: "bad", unavailable: "bad", Lost: "bad", walArchivingFailing: "bad",
  warning: "careful", progressing: "careful", waiting: "careful", pending: "careful", absent: "careful", suspended: "careful", unknown: "careful",
  replicating: "careful", resizing: "careful", dangling: "careful", unusable: "bad", unhealthy: "bad", missing: "bad",
};
const FINDING_TONES = { critical: "bad", warning: "careful", info: "plain" };
// What each section of the status tells, by the part of the answer that shows whether it is there.
const SECTIONS = [
  { name: "state", part: "conditions", holds: "conditions, services, poolers and events" },
  { name: "instances", part: "instances", holds: "instances" },
  { name: "storage", part: "volumes", holds: "volumes" },
  { name: "roles", part: "roles", holds: "roles" },
  { name: "databases", part: "databases", holds: "databases" },
  { name: "backups", part: "backups", holds: "backups" },
  { name: "certificates", part: "certificates", holds: "certificates" },
  { name: "git", part: "git", holds: "what Git says" },
];
const DETAILED = ["instances", "volumes", "services", "certificates", "databases", "roles", "poolers"];
const CLUSTER_SHOWN = new Set([
  "omitted", "environment", "namespace", "name", "live", "phase", "phase_class", "healthy", "summary", "git", "engines", "problems", "not_read",
  "warnings", "conditions", "backups", "events", "others", ...DETAILED,
]);
const EVERYTHING = { detail_level: "detailed" };

let seen = {};
// What get_postgres_metrics has answered; null where nobody has asked it.
let measured = null;
// As the status was asked for last: reading it again brings no less.
let asked = {};
const clusterTone = (word) => wordIn(CLUSTER_TONES, word) ?? "plain";
const rowsIn = (answer, name) => listOf(partOf(answer)[name]).map(partOf);
const rowsOf = (name) => rowsIn(seen, name);
const measuredOf = (part, name) => rowsIn(measured, part).find((one) => textOf(one.name) === name) ?? {};
// "2026-01-31T09:00:00Z (5m)": the moment, and how long ago that is.
const momentOf = (text) => new Date(textOf(text).split(" ")[0]).getTime();
// Short enough to stay in one line; what is longer is no moment.
const moment = (value) => textOf(value) && el(textOf(value).length < 40 ? "span.time" : "span", textOf(value));
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
    poolers(),
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
  const state = textOf(seen.phase) || wordIn({ available: "live", unavailable: "the API did not answer", absent: "not live" }, textOf(seen.live)) || textOf(seen.live);
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
    facts.length ? el("p", facts.join(" \u00b7 ")) : null,
    el("p.quiet", textOf(seen.environment), textOf(top.image) && " \u00b7 ", textOf(top.image) && el("span.mono", textOf(top.image))),
  );
}

function clusterCall(more) {
  const asked = { cluster_name: textOf(seen.name), namespace: textOf(seen.namespace), environment: textOf(seen.environment) };
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
  return { tool: "get_cluster_status", arguments: { ...given, ...more } };
}

function clusterActions() {
  const left = notTold();
  const told = left.length ? el("p.quiet.left", `Not asked for: ${left.join("; ")}.`) : null;
  if (!host || !host.callsTools || !textOf(seen.name)) return told;
  const hasRows = rowsOf("instances").length > 0 || rowsOf("volumes").length > 0;
  return [
    el(
      "div.actions",
      left.length ? button("Show everything", () => readStatus(EVERYTHING), "main") : null,
      button("Refresh", () => readStatus(asked)),
      hasRows && !measured && button("Measure lag and volumes", measureCluster),
    ),
    told,
  ];
}

// The sections that nobody asked for. One that was asked for and is not there could not be read: a warning says why.
function notTold() {
  const isAll = asked.detail_level === EVERYTHING.detail_level && !asked.sections;
  if (textOf(seen.live) !== "available" || isAll) return [];
  const isLeftOut = asked.sections ? (one) => !asked.sections.includes(one.name) : (one) => seen[one.part] === undefined || seen[one.part] === null;
  return SECTIONS.filter(isLeftOut).map((one) => one.holds);
}

function askedBy(given) {
  const [level, sections] = [textOf(given.detail_level), textsOf(given.sections)];
  if (level || sections.length) return { ...(level && { detail_level: level }), ...(sections.length && { sections }) };
  return Object.keys(given).length === 0 && DETAILED.every((name) => Array.isArray(seen[name])) ? EVERYTHING : {};
}

async function readStatus(more) {
  const { tool, arguments: given } = clusterCall(more);
  const again = measured !== null;
  seen = await host.call(tool, given);
  [asked, measured] = [more, null];
  drawCluster();
  return again ? measureCluster().catch((error) => `Read again, and not measured: ${error.message}`) : "Read again";
}

async function measureCluster() {
  measured = await host.call("get_postgres_metrics", clusterCall({}).arguments);
  drawCluster();
  return `Measured${textOf(measured.source) && `; source: ${textOf(measured.source)}`}`;
}

function findings() {
  // The metrics are among what a status looks at: it has told most of what they show, by the same ids.
  const found = withMeasured("problems", "id");
  const severity = (one) => Object.keys(FINDING_TONES).indexOf(textOf(one.severity));
  const made = found.sort((one, other) => severity(one) - severity(other)).map((one) =>
    el(
      `li.${wordIn(FINDING_TONES, textOf(one.severity)) ?? "plain"}`,
      el("b", [textOf(one.severity), textOf(one.id)].filter(Boolean).join(": ")),
      prose(textOf(one.what)),
      textOf(one.detail) && el("p.quiet", textOf(one.detail)),
      textOf(one.action) && el("p", el("b.do", "What to do: "), prose(textOf(one.action))),
    ),
  );
  const unread = textsOf(seen.not_read);
  const limited = unread.length ? el("p.quiet", `Not looked at: ${unread.join("; ")}.`) : null;
  const omitted = Number(textOf(partOf(seen.omitted).problems));
  const left = omitted > 0 ? el("p.quiet", `${counted(omitted, "more finding")} left off`) : null;
  const nothing = unread.length ? el("li.plain", "Nothing wrong was found in what was looked at.") : el("li.good", "Nothing wrong was found.");
  const unseen = textOf(seen.live) === "unavailable" ? el("li.plain", "What is wrong could not be seen: the API did not answer.") : null;
  const one = textOf(seen.live) === "available" ? nothing : unseen;
  const none = one && !left ? el("ul.notes", one) : null;
  return section("Findings", made.length ? el("ul.notes", made) : none, left, limited);
}

// What the metrics tell beside the status, where that does not say it already.
function withMeasured(name, field) {
  const known = new Set(rowsOf(name).map((one) => textOf(one[field])));
  return [...rowsOf(name), ...rowsIn(measured, name).filter((one) => !known.has(textOf(one[field])))];
}

function warningsOf() {
  const rows = withMeasured("warnings", "message").filter((one) => textOf(one.message) || textOf(one.id));
  return section("Warnings", rows.length ? el("ul.notes", rows.map((one) => el("li.careful", el("b", textOf(one.id)), prose(textOf(one.message))))) : null);
}

// Instances by the zone and the node that they run in: what is lost where one goes.
function topology() {
  const rows = rowsOf("instances");
  if (!rows.length) {
    const { primary, switching_to: next } = partOf(seen.summary);
    return section("Instances", textOf(primary) && facts([["Primary", textOf(primary)], ["Switching to", textOf(next)]]));
  }
  const zones = groupedBy(rows, "zone");
  const zoned = zones.some(([zone]) => zone);
  const made = zones.map(([zone, there]) => {
    const nodes = groupedBy(there, "node").map(([node, instances]) => el("div.node", el("p.quiet", node ? `node ${node}` : "no node known"), instances.map(instance)));
    return zoned ? el("div.zone", el("p", el("b", zone ? `zone ${zone}` : "no zone known")), el("div.nodes", nodes)) : el("div.nodes", nodes);
  });
  const alone = [["zone", zones], ["node", groupedBy(rows, "node")]].find(([, groups]) => rows.length > 1 && groups.length === 1 && groups[0][0]);
  const left = partOf(seen.omitted).instances === undefined;
  return section("Instances", zoned ? el("div.zones", made) : made, alone && left ? el("p.alone", `All instances are on one ${alone[0]}.`) : null);
}

function groupedBy(rows, name) {
  const groups = new Map();
  for (const one of rows) groups.set(textOf(one[name]), [...(groups.get(textOf(one[name])) ?? []), one]);
  return [...groups];
}

function instance(one) {
  const [name, role, state, pod] = [one.name, one.role, one.state, one.pod].map(textOf);
  const numbers = measuredOf("instances", name);
  const isMeasured = textOf(numbers.as_of) === "now";
  const top = partOf(seen.summary);
  const isDown = one.ready === false || clusterTone(state) === "bad" || clusterTone(pod) === "bad";
  const trouble = [
    one.ready === false && "not ready",
    clusterTone(pod) !== "good" && pod && `pod ${pod}`,
    textOf(one.waiting),
    Number(one.restarts) > 0 && counted(Number(one.restarts), "restart"),
    fencedOf(top).includes(name) && "fenced",
  ].filter(Boolean);
  const about = [
    clusterTone(pod) === "good" && pod,
    textOf(one.started) && `since ${agoOf(one.started)}`,
    textOf(one.timeline) && textOf(top.timeline) && textOf(one.timeline) !== textOf(top.timeline) && `timeline ${textOf(one.timeline)}`,
    textOf(one.image) && textOf(top.image) && textOf(one.image) !== textOf(top.image) && textOf(one.image),
  ].filter(Boolean);
  return el(
    `div.instance${role === "primary" ? ".primary" : ""}${isDown ? ".down" : ""}`,
    el("div.top", el("b.mono", name), badge(role || "no role", role === "primary" ? "good" : "plain"), state && state !== role && badge(state, clusterTone(state))),
    trouble.length ? el("p.trouble", trouble.join(", ")) : null,
    about.length ? el("p.quiet", about.join(", ")) : null,
    isMeasured && facts([role === "primary" ? ["Archiving", archiving(textOf(numbers.archiving))] : ["Lag", textOf(numbers.lag)], ["Connections", textOf(numbers.connections)]]),
    !isMeasured && textOf(numbers.as_of) && el("p.quiet", `lag ${textOf(numbers.as_of)}`),
  );
}

// "fails; last 3.0 h ago, 312 files wait"
const archiving = (told) => (told.startsWith("fails") ? el("span.trouble", told) : told);

const fencedOf = (top) => textsOf(top.fenced);

function poolers() {
  const made = rowsOf("poolers").map((one) => {
    const phase = textOf(one.phase);
    return [el("span.mono", textOf(one.name)), textOf(one.type), textOf(one.instances), el("span", badge(phase, clusterTone(phase)), textOf(one.reason) && ` ${textOf(one.reason)}`)];
  });
  return section("Poolers", stacked("Poolers", ["Pooler", "Type", "Pods", "Phase"], made));
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
    ["Completed", textOf(found.completed)],
    ...windows.map((one) => ["Restorable", restorable(one)]),
    ...schedules.map((one) => ["Schedule", scheduled(one)]),
  ]);
  const listed = recent.map((one) => [
    el("span.mono", textOf(one.name)),
    badge(textOf(one.phase), clusterTone(textOf(one.phase))),
    moment(one.stopped || one.started) || (textOf(one.waits) && `waits for ${textOf(one.waits)}`),
    [textOf(one.method), textOf(one.error)].filter(Boolean).join(": "),
  ]);
  const older = Number(textOf(found.older));
  return section(
    "Backups",
    backupLine(windows, recent, schedules),
    rows,
    listed.length ? stacked("Recent backups", ["Backup", "Phase", "When", "Method"], listed) : null,
    older > 0 ? el("p.quiet", `${counted(older, "older backup")} not shown`) : null,
  );
}

function scheduled(one) {
  const told = [
    [textOf(one.name), textOf(one.schedule)].filter(Boolean).join(": "),
    textOf(one.next) && `next ${textOf(one.next)}`,
    textOf(one.late) && `late by ${textOf(one.late)}`,
    one.suspended === true && "suspended",
    textOf(one.error),
  ];
  return told.filter(Boolean).join(", ");
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

// How much longer than the backups that are known by name the line may be, and how far beyond now it may go.
const LINE_BEFORE = 4;
const LINE_AFTER = 0.5;

// Backups as dots, and a bar from the first moment that can be restored to the last good backup.
function backupLine(windows, recent, schedules) {
  const now = Date.now();
  const isKnown = (one) => Number.isFinite(one.at);
  const dots = recent.map((one) => ({ at: momentOf(one.stopped || one.started), tone: clusterTone(textOf(one.phase)), name: `${textOf(one.name)}: ${textOf(one.phase)}` })).filter(isKnown);
  const next = schedules.filter((one) => one.suspended !== true).map((one) => ({ at: momentOf(one.next), tone: "next", name: `${textOf(one.name)} runs next` })).filter(isKnown);
  const bars = windows.map((one) => ({ at: momentOf(one.first), to: momentOf(one.last_success) })).filter(isKnown);
  const past = [...dots, ...bars].map((one) => one.at).filter((at) => at < now);
  if (!past.length) return null;
  const oldest = Math.min(...dots.map((one) => one.at).filter((at) => at < now));
  const from = Math.max(Math.min(...past), Number.isFinite(oldest) ? now - LINE_BEFORE * (now - oldest) : -Infinity);
  const last = now + LINE_AFTER * (now - from);
  const to = Math.max(now, ...[...dots, ...next].map((one) => one.at).filter((at) => at <= last));
  const percent = (at) => Math.min(Math.max((100 * (at - from)) / (to - from || 1), 0), 100);
  const line = el("div.line");
  for (const one of bars.filter((bar) => bar.at <= to)) {
    const told = one.to > one.at ? "Restorable from the first of these backups to at least the last" : "Restorable from here on; the end is not known";
    const width = one.to > one.at ? percent(one.to) - percent(one.at) : 0;
    line.append(placed(one.at < from ? "i.window.earlier" : "i.window", { left: percent(one.at), width }, told));
  }
  line.append(placed("i.tick", { left: percent(now) }, "now"));
  for (const one of [...dots, ...next].filter((dot) => dot.at >= from && dot.at <= to)) {
    line.append(placed(`i.dot.${one.tone}`, { left: percent(one.at) }, `${one.name}, ${new Date(one.at).toISOString()}`));
  }
  const label = `Backups from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}; each is listed below`;
  const until = to > now ? momentShort(to) : "now";
  const drawing = withAttributes(el("div.timeline", line, el("div.ends", el("span", momentShort(from)), el("span", until))), { role: "img", "aria-label": label });
  const keys = [
    dots.some((one) => one.tone === "good") && ["dot.good", "completed"],
    dots.some((one) => one.tone === "bad") && ["dot.bad", "failed"],
    dots.some((one) => one.tone !== "good" && one.tone !== "bad") && ["dot", "under way"],
    next.some((one) => one.at <= to) && ["dot.next", "scheduled"],
    bars.length > 0 && ["window", "restorable at least"],
    ["tick", "now"],
  ];
  return [drawing, withAttributes(el("p.keys", keys.filter(Boolean).map(([what, text]) => el("span", el(`i.${what}`), text))), { "aria-hidden": "true" })];
}

const momentShort = (at) => new Date(at).toISOString().slice(0, 16).replace("T", " ");

// In percent of the line; a style attribute would be refused by the page's own policy, properties are not.
function placed(what, places, told) {
  const made = withAttributes(el(what), { title: shown(told) });
  for (const [name, percent] of Object.entries(places)) made.style[name] = `${percent}%`;
  return made;
}

function volumes() {
  const rows = rowsOf("volumes").map((one) => {
    const state = textOf(one.state) || textOf(one.phase);
    const [asks, has] = [textOf(one.requested), textOf(one.capacity)];
    return [
      el("span.mono", textOf(one.name)),
      [textOf(one.role), textOf(one.tablespace)].filter(Boolean).join(" "),
      asks && has && asks !== has ? `${has} of ${asks} asked for` : has || asks,
      ...(measured ? [fill(textOf(measuredOf("volumes", textOf(one.name)).used))] : []),
      textOf(one.storage_class),
      el("span", badge(state, clusterTone(state)), textOf(one.resizing) && ` ${textOf(one.resizing)}`),
    ];
  });
  return section("Volumes", stacked("Volumes", ["Volume", "For", "Size", ...(measured ? ["Full"] : []), "Class", "State"], rows));
}

// "63 %: 12 GiB of 20 GiB", or why that is not known.
function fill(told) {
  const [, percent] = /(\d{1,3}) %/.exec(told) ?? [];
  if (percent === undefined) return el("span.quiet", told || "not measured");
  const bar = withAttributes(el("meter"), { min: 0, max: 100, low: 80, high: 90, optimum: 0, value: percent, "aria-hidden": "true" });
  return el("span.fill", bar, ` ${told}`);
}

function declaredRows(title, name) {
  const rows = rowsOf(name).map((one) => {
    const state = textOf(one.applied) ? (one.applied === "yes" ? "applied" : `not applied: ${textOf(one.message) || textOf(one.applied)}`) : textOf(one.state);
    const size = textOf(measuredOf("databases", textOf(one.name)).size);
    const flags = [name === "databases" && size, one.deleting === true && "is being deleted", textOf(one.stale), textOf(one.failing)];
    return [el("span.mono", textOf(one.name)), [state, textOf(one.owner) && `owner ${textOf(one.owner)}`, ...flags, ...textsOf(one.errors)].filter(Boolean).join("; ")];
  });
  return section(title, stacked(title, ["Name", "State"], rows));
}

function certificates() {
  const rows = rowsOf("certificates").map((one) => [el("span.mono", textOf(one.secret)), moment(one.expires), textOf(one.days_left), one.renewed_by_operator === true ? "the operator" : "you"]);
  return section("Certificates", stacked("Certificates", ["Secret", "Expires", "Days left", "Renewed by"], rows));
}

function clusterMore() {
  const events = rowsOf("events").map((one) => [agoOf(one.last), textOf(one.reason), textOf(one.message)]);
  const conditions = rowsOf("conditions").map((one) => [textOf(one.type), textOf(one.status), textOf(one.message)]);
  const others = rowsOf("others").map((one) => Object.entries(one).map(([name, value]) => `${name} ${textOf(value)}`).join(", "));
  const left = Object.entries(partOf(seen.omitted)).filter(([, number]) => Number(number) > 0).map(([name, number]) => `${number} more ${name} left off`);
  const numbers = rowsIn(measured, "instances").map((one) => [one.name, one.connections, one.oldest_transaction, one.wal, one.cache].map(textOf));
  const copies = rowsIn(measured, "replication").map((one) => [one.name, one.state, one.behind].map(textOf));
  const unknown = Object.entries(seen).filter(([name, value]) => !CLUSTER_SHOWN.has(name) && value !== null);
  return section(
    "Details",
    left.length ? el("p.quiet", left.join("; ")) : null,
    numbers.length ? folded("Measured of the instances", false, stacked("Measured", ["Instance", "Connections", "Oldest transaction", "WAL", "Cache"], numbers)) : null,
    copies.length ? folded("Replicas and slots", false, stacked("Replication", ["Replica or slot", "State", "Behind"], copies)) : null,
    conditions.length ? folded(counted(conditions.length, "condition"), false, stacked("Conditions", ["Condition", "Status", "Message"], conditions)) : null,
    events.length ? folded(counted(events.length, "event"), false, stacked("Events", ["When", "Reason", "Message"], events)) : null,
    others.length ? folded("Plugins, budgets and jobs", false, bullets(others)) : null,
    unknown.length ? folded("What this card does not know", false, el("pre", JSON.stringify(Object.fromEntries(unknown), null, 2))) : null,
  );
}

startCard({
  draw(structured) {
    [seen, measured] = [partOf(structured), null];
    asked = askedBy(callArguments);
    drawCluster();
  },
  again: (input) => (textOf(input.cluster_name) ? { tool: "get_cluster_status", arguments: input } : null),
});
