// Runs a Lambda function for a test: node invoke-function.mjs FILE. Each POST to AWS's path for local invocations contains an
// event as JSON. The response is the result of the function as JSON. A function that fails gets the status 502.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const { handler } = createRequire(import.meta.url)(resolve(process.argv[2] ?? ''));

const server = createServer(async (request, response) => {
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const result = await handler(JSON.parse(Buffer.concat(chunks).toString()));
    response.end(JSON.stringify(result));
  } catch (error) {
    console.error(error);
    response.writeHead(502).end();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
