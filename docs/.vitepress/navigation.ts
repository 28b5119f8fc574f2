/** A link of the navigation. */
interface Link {
  readonly text: string;
  /** The address on the site. The address of a page of docs/ has no extension `.html`. */
  readonly link: string;
  /** `_self` loads the address from the server. It is for files that VitePress does not build. */
  readonly target?: '_self';
}

/** A group of links with a heading. */
interface Group {
  readonly text: string;
  readonly items: readonly Link[];
}

const reference: Link = { text: 'API reference', link: '/api/index.html', target: '_self' };
const inspector: Link = { text: 'Inspector', link: '/inspect/index.html', target: '_self' };

/** The links at the top of each page. */
export const topLinks = [{ text: 'Documentation', link: '/quick-start' }, reference, inspector] satisfies Link[];

/** The links beside each page. Every page in docs/ is in one group. The tasks come first, in the order in which they come up. */
export const groups = [
  {
    text: 'Tasks',
    items: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Challenges', link: '/challenges' },
      { text: 'Keys', link: '/keys' },
      { text: 'Stores', link: '/stores' },
      { text: 'Frameworks', link: '/frameworks' },
      { text: 'Rollout', link: '/rollout' },
      { text: 'Fraud risk', link: '/fraud-risk' },
      { text: 'Testing', link: '/testing' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'Security model', link: '/security-model' },
      { text: 'Performance', link: '/performance' },
      { text: 'Upgrading', link: '/upgrading' },
      { text: 'Coming from other libraries', link: '/migrating' },
    ],
  },
  {
    text: 'Server',
    items: [
      { text: 'HTTP handlers', link: '/http' },
      { text: 'Options', link: '/options' },
      { text: 'Errors', link: '/errors' },
      { text: 'Sessions', link: '/sessions' },
      { text: 'Receipts', link: '/receipts' },
      { text: 'Metrics', link: '/metrics' },
      { text: 'Scaling', link: '/scaling' },
      { text: 'Android', link: '/android' },
      { text: 'Without the server layer', link: '/pure-functions' },
      { text: 'Runtimes', link: '/runtimes' },
      reference,
    ],
  },
  {
    text: 'App',
    items: [
      { text: 'Client', link: '/client' },
      { text: 'Protocol', link: '/protocol' },
    ],
  },
  {
    text: 'Tools',
    items: [
      { text: 'The example', link: '/example' },
      { text: 'Command line', link: '/command-line' },
      { text: 'Explaining rejections', link: '/explaining' },
      { text: 'The inspector page', link: '/inspector' },
    ],
  },
  {
    text: 'Project',
    items: [
      { text: 'Authenticated bytes', link: '/authenticated-bytes' },
      { text: 'Differential testing', link: '/differential-testing' },
      { text: 'Fuzzing', link: '/fuzzing' },
      { text: 'Mutation testing', link: '/mutation' },
      { text: 'Releasing', link: '/releasing' },
      { text: 'Security', link: '/source/SECURITY' },
      { text: 'Contributing', link: '/source/CONTRIBUTING' },
      { text: 'Changelog', link: '/source/CHANGELOG' },
    ],
  },
] satisfies Group[];
