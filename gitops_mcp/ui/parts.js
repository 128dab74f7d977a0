// Elements of cards. Text from answers reaches the page as text nodes only, never as markup.

// Characters that are not seen, or turn the order of others around, are shown by their numbers.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function shown(value) {
  return String(value).replace(UNSEEN, (one) => `\u2039U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}\u203a`);
}

// An answer of another version may hold something else under a name: what is not of the wanted form is not there.
const textOf = (value) => (typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "");
const listOf = (value) => (Array.isArray(value) ? value : []);
const textsOf = (value) => listOf(value).map(textOf).filter(Boolean);
const partOf = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const hasParts = (value) => Object.keys(partOf(value)).length > 0;
const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// el("p.quiet", "text", element, …); no text is ever read as markup.
function el(what, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const one of children.flat(2)) {
    if (one === null || one === undefined || one === "" || one === false) continue;
    made.append(one instanceof Node ? one : shown(one));
  }
  return made;
}

function withAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

let sections = 0;

// What an answer sets between backquotes is code.
const prose = (text) => text.split(/`([^`]+)`/).map((one, at) => (at % 2 ? el("code", one) : one));

// A part of the card under a heading; nothing where there is nothing to show.
function section(title, ...children) {
  const kept = children.flat(2).filter(Boolean);
  if (!kept.length) return null;
  const heading = el("h2", title);
  heading.id = `section-${++sections}`;
  return withAttributes(el("section", heading, kept), { "aria-labelledby": heading.id });
}

const bullets = (texts, what = "ul") => (texts.length ? el(what, texts.map((one) => el("li", prose(one)))) : null);

// What a table of ours says of a word; a word of others may be the name of what every object has.
const wordIn = (words, word) => (Object.hasOwn(words, word) ? words[word] : undefined);

const LONG_BADGE = 45;
const badge = (text, tone) => el(`span.badge.${tone}${text.length > LONG_BADGE ? ".long" : ""}`, text);

// Rows of [name, value] as a list of facts; those without a value are left out.
function facts(rows) {
  const kept = rows.filter(([, value]) => value instanceof Node || textOf(value));
  return kept.length ? el("dl.facts", kept.map(([name, value]) => el("div", el("dt", name), el("dd", value)))) : null;
}

function table(caption, titles, rows) {
  if (!rows.length) return null;
  const head = titles.map((one) => withAttributes(el("th", one), { scope: "col" }));
  const body = rows.map((row) => el("tr", row.map((cell, at) => withAttributes(el("td", cell), { "data-title": titles[at] }))));
  const made = el("table", el("caption.unseen", caption), el("thead", el("tr", head)), el("tbody", body));
  return el("div.scroll", made);
}

function folded(summary, open, ...children) {
  const made = el("details", el("summary", summary), children);
  made.open = open;
  return made;
}

// Only an address of the web is opened; everything else stays text.
function webAddress(text) {
  try {
    const address = new URL(text);
    return address.protocol === "https:" || address.protocol === "http:" ? address.href : null;
  } catch {
    return null;
  }
}

