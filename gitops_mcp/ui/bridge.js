// Speaks with the host that shows the card: JSON-RPC by messages between windows, as the MCP Apps extension says.

const PROTOCOL = "2026-01-26";
const HANDSHAKE_SECONDS = 10;
const CALL_SECONDS = 120;

class NotAnswered extends Error {}

class Host {
  #next = 1;
  #asked = new Map();
  capabilities = {};

  // `told` is called with the method and the parameters of each notification.
  constructor(told) {
    window.addEventListener("message", (event) => {
      const message = event.data;
      if (event.source !== window.parent || partOf(message).jsonrpc !== "2.0") return;
      if (typeof message.method !== "string") this.#answered(message);
      else if (message.id === undefined) told(message.method, partOf(message.params));
      else this.#requested(message);
    });
  }

  async connect() {
    const begun = await this.#request(
      "ui/initialize",
      { appInfo: { name: "gitops-mcp", version: "1" }, appCapabilities: {}, protocolVersion: PROTOCOL },
      HANDSHAKE_SECONDS,
    );
    this.capabilities = partOf(begun.hostCapabilities);
    this.#send({ method: "ui/notifications/initialized", params: {} });
    return partOf(begun.hostContext);
  }

  get callsTools() {
    return this.capabilities.serverTools !== undefined;
  }

  get opensLinks() {
    return this.capabilities.openLinks !== undefined;
  }

  // The structured content; raises what the tool or the host says is wrong.
  async call(name, given) {
    const result = await this.#request("tools/call", { name, arguments: given }, CALL_SECONDS);
    const text = plainText(result);
    if (result.isError) throw new Error(text || `${name} failed, and the host gives no reason`);
    if (!hasParts(result.structuredContent)) throw new Error(text || `${name} answered with nothing that a card can show`);
    return result.structuredContent;
  }

  async open(url) {
    const result = await this.#request("ui/open-link", { url }, HANDSHAKE_SECONDS);
    if (result.isError) throw new Error(`the host did not open ${url}`);
  }

  resized(height) {
    this.#send({ method: "ui/notifications/size-changed", params: { height } });
  }

  #request(method, params, seconds) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#asked.delete(id);
        reject(new NotAnswered(`the host has not answered within ${seconds} seconds`));
      }, seconds * 1000);
      this.#asked.set(id, { resolve, reject, timer });
      this.#send({ id, method, params });
    });
  }

  #answered({ id, result, error }) {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    clearTimeout(asked.timer);
    if (error) asked.reject(new Error(textOf(partOf(error).message) || "the host refused"));
    else asked.resolve(partOf(result));
  }

  // A host asks whether the card is still there, and tells it before it goes.
  #requested({ id, method }) {
    if (method === "ping" || method === "ui/resource-teardown") this.#send({ id, result: {} });
    else this.#send({ id, error: { code: -32601, message: "Method not found" } });
  }

  #send(message) {
    // The host's origin is not known to the card; nothing secret is in what it says.
    window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }
}

const plainText = (result) => textsOf(listOf(result.content).map((one) => partOf(one).text)).join("\n");

