// The extension's own host, without a window: messages of the card come in as lines, its own go out as lines.
import { createInterface } from "node:readline";

const { AppBridge } = await import(process.argv[2]);
const transport = {
  start: async () => {},
  close: async () => {},
  send: async (message) => console.log(JSON.stringify(message)),
};
const bridge = new AppBridge(null, { name: "own", version: "1" }, { serverTools: {}, openLinks: {} }, { hostContext: { theme: "dark" } });
const answer = JSON.parse(process.argv[3]);
bridge.oninitialized = () => bridge.sendToolInput({ arguments: {} }).then(() => bridge.sendToolResult(answer));
bridge.oncalltool = async ({ name }) => ({ ...answer, structuredContent: { ...answer.structuredContent, why: `asked by ${name}` } });
bridge.onopenlink = async () => ({});
await bridge.connect(transport);
createInterface({ input: process.stdin }).on("line", (line) => transport.onmessage?.(JSON.parse(line)));
