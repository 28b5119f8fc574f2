import { sourcePages } from '../.vitepress/repository-files.js';

/** The pages of the site that show files from outside of docs/. */
export default { paths: sourcePages };
