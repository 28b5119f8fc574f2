import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';

/** The part of a result of a Lambda function (format 2.0) that this gateway uses. */
interface FunctionResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** Content types whose bodies AWS passes as text. All other bodies are base64. */
const TEXT = /^(?:text\/|application\/(?:json|javascript|xml)\b)/;

const BAD_REQUEST: FunctionResult = { statusCode: 400, body: '{"message":"Bad Request"}' };
const FUNCTION_FAILED: FunctionResult = { statusCode: 500, body: '{"message":"Internal Server Error"}' };

const DOMAIN = 'abcdefghij.execute-api.eu-central-1.amazonaws.com';

/**
 * An HTTP API of Amazon API Gateway in front of a Lambda function, with the payload format 2.0:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export class ApiGateway {
  readonly url: string;
  readonly #server: Server;
  /** The events that the function received. */
  readonly events: object[] = [];

  /**
   * @param functionUrl The origin of `invoke-function.mjs`
   * @param stage The name of the stage. It is the first part of each path, unless it is `$default`
   */
  static async start(functionUrl: string, stage: string): Promise<ApiGateway> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ApiGateway(server, functionUrl, stage);
  }

  private constructor(server: Server, functionUrl: string, stage: string) {
    this.#server = server;
    const address = server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    server.on('request', async (request, response) => {
      const event = await eventOf(request, stage);
      if (event) this.events.push(event);
      const result = event ? await invoke(functionUrl, event) : BAD_REQUEST;
      response.writeHead(result.statusCode, { ...result.headers, 'set-cookie': [...(result.cookies ?? [])] });
      response.end(Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'));
    });
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

async function invoke(functionUrl: string, event: object): Promise<FunctionResult> {
  try {
    const answer = await fetch(`${functionUrl}/2015-03-31/functions/function/invocations`, {
      method: 'POST',
      // A connection that stays open could lead to a process that the test has killed.
      headers: { connection: 'close' },
      body: JSON.stringify(event),
    });
    return answer.ok ? JSON.parse(await answer.text()) : FUNCTION_FAILED;
  } catch {
    return FUNCTION_FAILED;
  }
}

/** Returns the event for a request, or `undefined` if API Gateway would respond with 400. */
async function eventOf(request: IncomingMessage, stage: string): Promise<object | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const [path = '', query = ''] = request.url?.split(/\?(.*)/s) ?? [];
  const rawPath = decodedPath(path);
  if (rawPath === undefined) return undefined;

  const headers = headersOf(request, bytes.length);
  const cookies = request.headers.cookie?.split('; ');
  const isBase64Encoded = bytes.length > 0 && !TEXT.test(headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query,
    ...(cookies && { cookies }),
    headers,
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcdefghij',
      domainName: DOMAIN,
      domainPrefix: 'abcdefghij',
      http: { method: request.method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: '$default',
      stage,
      time: '12/Mar/2020:19:03:58 +0000',
      timeEpoch: 1583348638390,
    },
    ...(bytes.length > 0 && { body: bytes.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

/**
 * HTTP APIs decode the path twice, and cut it at a question mark after the first time. This differs from REST APIs and from the
 * URLs of functions. These paths were sent to AWS: https://github.com/hotsock/voker/pull/8
 */
export function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(decodeURIComponent(path).replace(/\?.*/s, ''));
  } catch {
    return undefined;
  }
}

/** Returns the headers in an event: names in lower case, several values of one name joined with a comma, and no cookies. */
function headersOf({ rawHeaders }: IncomingMessage, length: number): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    const value = rawHeaders[index + 1] ?? '';
    if (/^(?:connection|cookie|keep-alive|transfer-encoding)$/.test(name)) continue;
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return {
    ...headers,
    'content-length': String(length),
    host: DOMAIN,
    'x-amzn-trace-id': 'Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  };
}
