import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** Converts an event of an HTTP API (payload format 2.0). The path of the request does not contain the stage. */
export function toRequest(event: APIGatewayProxyEventV2): Request {
  const { rawPath, rawQueryString, headers, cookies, body, isBase64Encoded, requestContext } = event;
  const { domainName, stage, http } = requestContext;
  const url = new URL(`https://${domainName}`);
  // An HTTP API decodes the path. The setter encodes it again.
  url.pathname = rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath;
  url.search = rawQueryString;
  const request = new Request(url, {
    method: http.method,
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, toBytes(value ?? '')]),
    // A Fetch request with the method GET or HEAD cannot have a body.
    body: body && !/^(GET|HEAD)$/.test(http.method) ? Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') : null,
  });
  if (cookies) request.headers.set('cookie', toBytes(cookies.join('; ')));
  return request;
}

/** A Fetch header contains bytes, one for each character. Other text would throw an error. */
function toBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** API Gateway decodes the body, and sends each cookie as a header. */
export async function toResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  const headers = [...response.headers].filter(([name]) => name !== 'set-cookie');
  return {
    statusCode: response.status,
    headers: Object.fromEntries(headers),
    cookies: response.headers.getSetCookie(),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    isBase64Encoded: true,
  };
}
