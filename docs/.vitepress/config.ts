import { defineConfig } from 'vitepress';
import { anchorOf } from './anchors.js';
import { indentedCode } from './indented-code.js';
import { groups, topLinks } from './navigation.js';
import { repositoryLinks } from './repository-links.js';
import { search } from './search.js';
import { testedSamples } from './tested-samples.js';

/** The documentation site. `npm run docs` builds and serves it. It requests nothing from other servers. */
export default defineConfig({
  title: 'app-attest',
  description: 'Verify Apple App Attest on a Node.js backend',
  lang: 'en',
  head: [['link', { rel: 'icon', href: '/icon.svg' }]],
  ignoreDeadLinks: false,
  vite: { publicDir: '.vitepress/public' },
  markdown: {
    anchor: { slugify: anchorOf },
    // The default light theme has too little contrast.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark' },
    config: (markdown) => {
      indentedCode(markdown);
      // testedSamples must read the links to the files before repositoryLinks changes the links.
      testedSamples(markdown);
      repositoryLinks(markdown);
    },
  },
  themeConfig: {
    nav: topLinks,
    sidebar: groups,
    outline: [2, 3],
    search,
    docFooter: { prev: 'Previous', next: 'Next' },
  },
});
