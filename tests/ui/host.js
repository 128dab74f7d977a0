// A host of MCP Apps as small as can be: it shows one card, answers what it is told to, and keeps what it was asked.
window.host = {
  seen: [],
  answers: {},
  capabilities: { serverTools: {}, openLinks: {} },
  context: { theme: "light" },
  silent: false,
  frame: () => document.querySelector("iframe").contentWindow,
  send(message) {
    this.frame().postMessage({ jsonrpc: "2.0", ...message }, "*");
  },
  answered(message) {
    if (message.method === "ui/initialize") {
      return { result: { protocolVersion: message.params.protocolVersion, hostInfo: { name: "stand-in", version: "1" },
        hostCapabilities: this.capabilities, hostContext: this.context } };
    }
    if (message.method === "ui/open-link") return { result: {} };
    if (message.method === "tools/call") return this.answers[message.params.name];
    return { error: { code: -32601, message: "Method not found" } };
  },
};
window.addEventListener("message", ({ source, data }) => {
  if (source !== window.host.frame()) return;
  window.host.seen.push(data);
  if (data.id === undefined || data.method === undefined || window.host.silent) return;
  const answer = window.host.answered(data);
  if (answer) window.host.send({ id: data.id, ...answer });
});
