import { describe, expect, it } from 'vitest';
import { challenges } from './mistakes/challenges.js';
import { encodings } from './mistakes/encodings.js';
import { keysAndApps } from './mistakes/keys-and-apps.js';
import { payloads } from './mistakes/payloads.js';
import { receipts } from './mistakes/receipts.js';

const TABLES = [
  { concept: 'encodings', subject: 'the app or the server', mistakes: encodings },
  { concept: 'challenges', subject: 'the app', mistakes: challenges },
  { concept: 'payloads', subject: 'the app', mistakes: payloads },
  { concept: 'keys and apps', subject: 'the app', mistakes: keysAndApps },
  { concept: 'receipts', subject: 'the receipt', mistakes: receipts },
];

for (const { concept, subject, mistakes } of TABLES) {
  describe(`mistakes with ${concept}: an explanation`, () => {
    for (const { title, explain, code, cause, certainty } of mistakes) {
      it(`names the cause if ${subject} ${title}`, async () => {
        const explanation = await explain();
        const [first] = explanation.causes;
        expect(explanation.verdict).toBe('refused');
        expect(explanation.code, JSON.stringify(explanation.checks)).toBe(code);
        expect(first?.summary).toMatch(cause);
        expect(first?.certainty).toBe(certainty ?? 'certain');
        for (const { summary, remedy } of explanation.causes) {
          expect(summary).toMatch(/^[^\n]+[.]$/);
          expect(remedy).toMatch(/^[A-Z][^\n]+[.]$/);
        }
      });
    }
  });
}

it('the tables of mistakes contain at least sixty mistakes', () => {
  expect(TABLES.flatMap(({ mistakes }) => mistakes).length).toBeGreaterThanOrEqual(60);
});

it('an explanation names the option that restores a prefix that a proxy removes', async () => {
  const mistake = payloads.find(({ title }) => title === 'signs a prefix that a proxy removes');
  const explanation = await mistake?.explain();
  expect(explanation?.causes[0]?.remedy).toContain("publicTarget: (target) => '/v1' + target");
});
