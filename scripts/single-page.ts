import type { Plugin } from 'vite';
export function singlePage(_notices: string): Plugin {
  return { name: 'single-page' };
}
