import { afterAll, beforeAll } from 'vitest';
import { type FindRoute, itProtects, type OrderRoute } from './support/it-protects.js';
import { type RunningProject, startProject } from './support/start-project.js';

const ORDER: OrderRoute = {
  target: '/graphql',
  body: (item) => {
    const query = 'mutation ($item: String!) { order(item: $item) { item by } }';
    return JSON.stringify({ query, variables: { item } });
  },
  answer: (item, keyId) => ({ data: { order: { item, by: keyId } } }),
};
const FIND: FindRoute = {
  target: `/graphql?query=${encodeURIComponent('{ order(id: "7") { id by } }')}`,
  answer: (keyId) => ({ data: { order: { id: '7', by: keyId } } }),
};

let project: RunningProject;

beforeAll(async () => {
  project = await startProject('yoga', { build: [['tsc']], start: ['node', 'dist/server.js'] });
});
afterAll(() => project?.stop());

itProtects(() => project, { order: ORDER, find: FIND });
