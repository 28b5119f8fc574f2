/** The folder that `npm run docs` writes the site to. */
export const builtSite = new URL('../../docs/.vitepress/dist/', import.meta.url);
