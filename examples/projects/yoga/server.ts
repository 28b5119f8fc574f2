import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createClient } from '@libsql/client';
import { httpHandlers } from 'app-attest/http';
import { createAppAttest, type StoredKey } from 'app-attest/server';
import { migrate, sqliteStores } from 'app-attest/sqlite';
import { createSchema, createYoga } from 'graphql-yoga';

const database = createClient({ url: 'file:app-attest.db' });
await migrate(database);
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(database) });
const { challenge, registration, protect } = httpHandlers(appAttest);

interface AttestedContext {
  key: StoredKey;
}

const schema = createSchema<AttestedContext>({
  typeDefs: `
    type Order { id: ID, item: String, by: ID! }
    type Query { order(id: ID!): Order! }
    type Mutation { order(item: String!): Order! }
  `,
  resolvers: {
    Query: { order: (_root, { id }, { key }) => ({ id, by: key.keyId }) },
    Mutation: { order: (_root, { item }, { key }) => ({ item, by: key.keyId }) },
  },
});

const yoga = createYoga<AttestedContext>({ schema, graphiql: false });

/** The app signs HTTP requests, so `protect` comes before GraphQL. It protects all operations. */
const graphql = protect((request, { key }) => yoga.fetch(request, { key }));

async function respond(request: Request): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case '/app-attest/challenge':
      return challenge(request);
    case '/app-attest/registration':
      return registration(request);
    case '/graphql':
      return graphql(request);
    default:
      return new Response(null, { status: 404 });
  }
}

// getRequestListener converts the requests of node:http to Fetch requests.
createServer(getRequestListener(respond)).listen(Number(process.env.PORT ?? 3000));
