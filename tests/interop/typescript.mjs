// Visits toolyard as a client of a TypeScript SDK and prints what it saw as one line of JSON.
// node typescript.mjs PACKAGES v1|v2 legacy|auto|REVISION TOKEN CALCULATOR_URL SLOW_TOOLS_URL

import { createRequire } from "node:module";

const [packages, sdk, mode, token, calculatorUrl, slowToolsUrl] = process.argv.slice(2);
const require = createRequire(`${packages}/package.json`);
const self = { name: "toolyard-tests", version: "1" };

const clients = {
  v1() {
    const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
    const http = require("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const client = new Client(self);
    return {
      client,
      Transport: http.StreamableHTTPClientTransport,
      call: (name, args, options) =>
        client.callTool({ name, arguments: args }, undefined, options),
      revision: (transport) => transport.protocolVersion,
    };
  },
  v2() {
    const { Client, StreamableHTTPClientTransport } = require("@modelcontextprotocol/client");
    const named = ["legacy", "auto"].includes(mode) ? mode : { pin: mode };
    const client = new Client(self, { versionNegotiation: { mode: named } });
    return {
      client,
      Transport: StreamableHTTPClientTransport,
      call: (name, args, options) => client.callTool({ name, arguments: args }, options),
      revision: () => client.getNegotiatedProtocolVersion(),
    };
  },
};

async function visit(url, see) {
  const { client, Transport, call, revision } = clients[sdk]();
  const headers = { Authorization: `Bearer ${token}` };
  const transport = new Transport(new URL(url), { requestInit: { headers } });
  await client.connect(transport);
  try {
    return { revision: revision(transport), ...(await see(client, call)) };
  } finally {
    await client.close();
  }
}

const codeOf = (promise) =>
  promise.then(
    () => null,
    (error) => error.code,
  );

const atTheCalculator = await visit(calculatorUrl, async (client, call) => ({
  tools: (await client.listTools()).tools,
  sum: await call("calculator", { expression: "2 + 40" }),
  wrong: await call("calculator", { expression: 7 }),
  unknown: await codeOf(call("no_such_tool", {})),
}));

const atTheSlowTools = await visit(slowToolsUrl, async (client, call) => {
  await client.listTools();
  const progress = [];
  const onprogress = (step) => progress.push(step);
  const counted = await call("count_to", { n: 3, run: `${sdk} ${mode} to the end` }, { onprogress });

  const run = `${sdk} ${mode} cancelled`;
  const stop = new AbortController();
  const interrupted = await call(
    "count_to",
    { n: 1000, run },
    { onprogress: () => stop.abort("enough"), signal: stop.signal },
  ).then(
    () => false,
    () => true,
  );
  const ending = await call("ending_of", { run }, { timeout: 5000 });
  return { progress, counted, interrupted, ending };
});

console.log(JSON.stringify({ calculator: atTheCalculator, slowTools: atTheSlowTools }));
