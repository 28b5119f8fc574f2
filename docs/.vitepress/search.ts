import type { DefaultTheme } from 'vitepress';

type Search = NonNullable<DefaultTheme.Config['search']>;

// VitePress sends the source text of these functions to the browser, so they cannot use anything outside of their bodies.

/** A code such as `counter_not_increased` is one word, and each of its parts is a word too. */
function wordsOf(text: string): string[] {
  const words = text.split(/[^\p{L}\p{N}_]+/u);
  return words.flatMap((word) => (word.includes('_') ? [word, ...word.split('_')] : [word]));
}

/** The page of all errors comes first, and pages about the development of this package come last. */
function weightOf(address: string): number {
  if (address.startsWith('/errors.')) return 3;
  return /^\/(differential-testing|fuzzing|mutation|releasing|performance|scaling)\./.test(address) ? 0.2 : 1;
}

/** The search in all pages of docs/. It runs in the browser. */
export const search: Search = {
  provider: 'local',
  options: {
    miniSearch: {
      options: { tokenize: wordsOf },
      searchOptions: { combineWith: 'AND', boostDocument: weightOf },
    },
  },
};
