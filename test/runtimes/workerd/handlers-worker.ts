import { waitUntil } from 'cloudflare:workers';
import { honoHandlers } from 'app-attest/hono';
import { httpHandlers } from 'app-attest/http';
import { createAppAttest, memoryStores } from 'app-attest/server';
import { type Context, Hono } from 'hono';

const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...memoryStores() });

const decisions: string[] = [];
const onDecision = ({ route, code = 'accepted' }: { route: string; code?: string }) => {
  decisions.push(`${route}: ${code}`);
};

const fetchHandlers = httpHandlers(appAttest, { onDecision, waitUntil });
const fetchHandlersThatDoNotWait = httpHandlers(appAttest, { onDecision });
const smallHandlers = httpHandlers(appAttest, {
  bodyLimit: 4096,
  registrationLimit: 4096,
  bodyBudget: 4 * 4096,
  bodyTimeout: 1,
});

const app = new Hono();
app.post('/hono/challenge', honoHandlers(appAttest, { onDecision }).challenge);
app.post('/fetch/challenge', ({ req }: Context) => fetchHandlers.challenge(req.raw));
app.post('/not-waiting/challenge', ({ req }: Context) => fetchHandlersThatDoNotWait.challenge(req.raw));
app.post('/small/registration', ({ req }: Context) => smallHandlers.registration(req.raw));
app.get('/decisions', (c) => c.json(decisions.splice(0)));

// workerd runs the default export of a Worker.
export default app;
