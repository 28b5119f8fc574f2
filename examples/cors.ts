type Handler = (request: Request) => Promise<Response>;

/** Lets pages on the given origins call a handler, and responds to preflights. */
export function withCors(handler: Handler, origins: readonly string[]): Handler {
  return async (request) => {
    const origin = request.headers.get('Origin') ?? '';
    const isPreflight = request.method === 'OPTIONS' && request.headers.has('Access-Control-Request-Method');
    const answer = isPreflight ? new Response(null, { status: 204 }) : await handler(request);
    // A copy, because the headers of some responses cannot be changed.
    const response = new Response(answer.body, answer);
    response.headers.append('Vary', 'Origin');
    if (!origins.includes(origin)) return response;
    response.headers.set('Access-Control-Allow-Origin', origin);
    response.headers.set('Access-Control-Expose-Headers', 'Retry-After');
    if (!isPreflight) return response;
    response.headers.set('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE');
    response.headers.set('Access-Control-Allow-Headers', request.headers.get('Access-Control-Request-Headers') ?? '');
    response.headers.set('Access-Control-Max-Age', '7200');
    return response;
  };
}
