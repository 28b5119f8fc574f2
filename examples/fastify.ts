import { fastifyHandlers } from 'app-attest/fastify';
import { createAppAttest } from 'app-attest/server';
import Fastify from 'fastify';

const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app' });
const { challenge, registration, protect } = fastifyHandlers(appAttest);

export const app = Fastify();
app.post('/app-attest/challenge', challenge);
app.post('/app-attest/registration', registration);

const order = protect<{ Body: { item: string } }>(async ({ body, appAttest: { key } }) => {
  return { ordered: body.item, by: key.keyId };
});
const schema = { body: { type: 'object', required: ['item'], properties: { item: { type: 'string' } } } };
app.post('/orders', { schema, ...order }); // the schema validates the signed content

const find = protect<{ Params: { id: string } }>(async ({ params, appAttest: { key } }) => {
  return { order: params.id, by: key.keyId };
});
app.get('/orders/:id', find);
