// The life of a card: it waits for the answer, draws it, and has its buttons ask the host.

const ANSWER_SECONDS = 120;
const card = document.getElementById("card");
const status = document.getElementById("told");
let host = null;
let asking = false;
// Of the call that the card belongs to, as far as the host has told them.
let callArguments = {};

function say(text, tone = "") {
  status.className = tone;
  status.replaceChildren(shown(text));
}

function replaceCard(...children) {
  const focused = document.activeElement;
  const label = focused && focused.tagName === "BUTTON" ? focused.textContent : null;
  card.replaceChildren(...children.flat(2).filter(Boolean));
  // Whoever works by keyboard stays where they were.
  if (label) [...card.querySelectorAll("button")].find((one) => one.textContent === label)?.focus();
}

// A button that asks the host; while one is asked, none can be pressed.
function button(label, work, tone = "") {
  const made = withAttributes(el("button", label), { type: "button" });
  if (tone) made.classList.add(tone);
  made.addEventListener("click", () => ask(label, work));
  return made;
}

async function ask(label, work) {
  if (asking) return;
  asking = true;
  card.setAttribute("aria-busy", "true");
  say(`${label}: asking the host\u2026`);
  try {
    say((await work()) || "");
  } catch (error) {
    say(`${label}: ${error.message}. The card still shows what was known before.`, "failed");
  } finally {
    asking = false;
    card.removeAttribute("aria-busy");
  }
}

// A link is opened by the host, since a card may open nothing. Without a host it is an ordinary one.
function link(label, url) {
  const address = webAddress(url);
  if (!address) return el("span", label);
  if (!host) return withAttributes(el("a", label), { href: address, rel: "noopener noreferrer", target: "_blank" });
  if (!host.opensLinks) return el("span", `${label}: `, el("code", address));
  return button(label, () => host.open(address).then(() => `Opened ${address}`));
}

function theme(context) {
  if (context.theme === "dark" || context.theme === "light") document.documentElement.dataset.theme = context.theme;
}

// `draw` puts structured content into the card. `again` names the call that brings it once more, from the arguments of
// the call that the card belongs to; null where there is none.
function startCard({ draw, again }) {
  const given = JSON.parse(document.getElementById("answer").textContent);
  if (given !== null) {
    drawSafely(draw, given);
    return;
  }
  if (window.parent === window) {
    say("A host of MCP Apps shows this card beside an answer. Alone it has nothing to show.");
    return;
  }
  replaceCard(withAttributes(el("div.waiting", el("i"), el("i"), el("i")), { "aria-hidden": "true" }));
  say("Waiting for the answer\u2026");
  const late = setTimeout(() => {
    const call = again(callArguments);
    replaceCard(call && host.callsTools ? el("div.actions", button("Ask again", () => askFor(call, draw))) : null);
    say(`No answer came within ${ANSWER_SECONDS} seconds. It may still come, and its text says the same.`, "failed");
  }, ANSWER_SECONDS * 1000);
  host = new Host((method, params) => {
    if (method === "ui/notifications/host-context-changed") theme(params);
    if (method === "ui/notifications/tool-input") callArguments = partOf(params.arguments);
    if (method === "ui/notifications/tool-cancelled") {
      clearTimeout(late);
      replaceCard();
      say(`The call was cancelled${textOf(params.reason) ? `: ${textOf(params.reason)}` : ""}.`, "failed");
    }
    if (method === "ui/notifications/tool-result") {
      clearTimeout(late);
      received(draw, params);
    }
  });
  host.connect().then(
    (context) => {
      theme(context);
      new ResizeObserver(() => host.resized(Math.ceil(document.documentElement.getBoundingClientRect().height))).observe(document.documentElement);
    },
    (error) => {
      clearTimeout(late);
      replaceCard();
      say(`The card could not start: ${error.message}. The text of the answer says the same.`, "failed");
    },
  );
}

async function askFor(call, draw) {
  drawSafely(draw, await host.call(call.tool, call.arguments));
}

function received(draw, result) {
  if (!result.isError && hasParts(result.structuredContent)) {
    say("");
    drawSafely(draw, result.structuredContent);
    return;
  }
  replaceCard(el(result.isError ? "pre.refused" : "pre", plainText(result)));
  say(result.isError ? "The call failed; nothing else is known." : "");
}

// What cannot be drawn is shown as it came, so that nothing is lost.
function drawSafely(draw, structured) {
  try {
    draw(structured);
  } catch (error) {
    console.error(error);
    replaceCard(el("pre", JSON.stringify(structured, null, 2)));
    say("This card does not know the form of this answer, and shows it as it came.");
  }
}

