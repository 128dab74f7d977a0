// A unified diff as elements: a part a file, with the words marked that differ between a line and the one in its place.

const WORDS = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;
const WORDS_COMPARED = 160;
const LINES_OPEN = 250;

function diffParts(text) {
  const lines = text.split("\n");
  const files = [];
  lines.forEach((line, at) => {
    const begins = line.startsWith("--- ") && (lines[at + 1] ?? "").startsWith("+++ ");
    if (begins || !files.length) files.push({ path: "", lines: [] });
    const file = files[files.length - 1];
    if (begins) file.path = pathOf(line);
    if (!begins && line.startsWith("+++ ") && lines[at - 1]?.startsWith("--- ")) {
      if (pathOf(line) !== "/dev/null") file.path = pathOf(line);
    } else if (!begins) file.lines.push(line);
  });
  let open = LINES_OPEN;
  return files.filter((one) => one.lines.some(Boolean)).map((file) => {
    open -= file.lines.length;
    const [gone, come] = ["-", "+"].map((sign) => file.lines.filter((one) => one.startsWith(sign)).length);
    const summary = [el("span.mono", file.path || "diff"), el("span.tally", `+${come} \u2212${gone}`)];
    return folded(summary, open >= 0 || file.lines.length + open >= LINES_OPEN, diffLines(file.lines));
  });
}

const pathOf = (line) => line.slice(4).replace(/^[ab]\//, "");

function diffLines(lines) {
  const made = withAttributes(el("div.diff"), { role: "group", "aria-label": "Changed lines", tabindex: "0" });
  let [old, now] = [0, 0];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const place = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line);
    if (place) {
      [old, now] = [Number(place[1]), Number(place[2])];
      made.append(diffRow("place", "", "", line));
      at += 1;
    } else if (line.startsWith("-") || line.startsWith("+")) {
      const gone = run(lines, at, "-");
      const come = run(lines, at + gone.length, "+");
      const pairs = gone.map((one, index) => (index < come.length ? marked(one.slice(1), come[index].slice(1)) : null));
      gone.forEach((one, index) => made.append(diffRow("gone", old++, "\u2212", pairs[index]?.[0] ?? one.slice(1))));
      come.forEach((one, index) => made.append(diffRow("come", now++, "+", pairs[index]?.[1] ?? one.slice(1))));
      at += gone.length + come.length;
    } else {
      if (line || at < lines.length - 1) made.append(diffRow("same", now++, "", line.startsWith("\\") ? line : line.slice(1)));
      old += 1;
      at += 1;
    }
  }
  return made;
}

function run(lines, from, sign) {
  let to = from;
  while (to < lines.length && lines[to].startsWith(sign)) to += 1;
  return lines.slice(from, to);
}

const READ_AS = { gone: "removed: ", come: "added: " };

function diffRow(kind, number, sign, content) {
  const side = withAttributes(el("span", sign), { "aria-hidden": "true" });
  const read = READ_AS[kind] ? el("span.unseen", READ_AS[kind]) : null;
  return el(`div.${kind}`, withAttributes(el("span.number", number), { "aria-hidden": "true" }), side, el("span", read, content));
}

// Both lines with what is only in the one of them marked; as they are where hardly anything is common.
function marked(before, after) {
  const [old, now] = [before.match(WORDS) ?? [], after.match(WORDS) ?? []];
  let [start, end] = [0, 0];
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start += 1;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const inner = [old.slice(start, old.length - end), now.slice(start, now.length - end)];
  const kept = inner.some((one) => one.length > WORDS_COMPARED) ? [new Set(), new Set()] : common(...inner);
  const words = (all) => all.filter((one) => one.trim());
  if (words(old).length && !words([...old.slice(0, start), ...old.slice(old.length - end), ...[...kept[0]].map((one) => inner[0][one])]).length) {
    return [before, after];
  }
  return [old, now].map((all, side) => pieces(all, (at) => at < start || at >= all.length - end || kept[side].has(at - start)));
}

// The places of the longest common run of words, in both.
function common(old, now) {
  const length = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let a = old.length - 1; a >= 0; a -= 1) {
    for (let b = now.length - 1; b >= 0; b -= 1) {
      length[a][b] = old[a] === now[b] ? length[a + 1][b + 1] + 1 : Math.max(length[a + 1][b], length[a][b + 1]);
    }
  }
  const kept = [new Set(), new Set()];
  for (let a = 0, b = 0; a < old.length && b < now.length; ) {
    if (old[a] === now[b]) {
      kept[0].add(a++);
      kept[1].add(b++);
    } else if (length[a + 1][b] >= length[a][b + 1]) a += 1;
    else b += 1;
  }
  return kept;
}

function pieces(words, isKept) {
  const made = [];
  for (let at = 0; at < words.length; ) {
    const same = isKept(at);
    let to = at;
    while (to < words.length && isKept(to) === same) to += 1;
    const text = words.slice(at, to).join("");
    made.push(same ? text : el("mark", text));
    at = to;
  }
  return made;
}

