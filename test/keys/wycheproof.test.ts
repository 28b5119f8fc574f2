import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyEcdsa, verifyEcdsaInPool } from '../../src/keys/ecdsa.js';
import { type KeyForm, preparePublicKey, readPublicKey } from '../../src/keys/public-key.js';
import { readVectors, VECTORS, type WycheproofGroup } from '../support/wycheproof.js';

const hasVectors = VECTORS.every((file) => existsSync(file));
if (!hasVectors)
  console.info('The vectors of Project Wycheproof are not tested, because the directory ../shared/vectors is missing.');

const KEY_FORMS: readonly KeyForm[] = ['point', 'pem', 'der'];

/** The vectors for which the result of our verification differs from the result that Project Wycheproof expects. */
function wrong({ tests }: WycheproofGroup, verdicts: readonly boolean[]): string[] {
  return tests.flatMap(({ tcId, comment, result }, index) => {
    return result === 'acceptable' || verdicts[index] === (result === 'valid')
      ? []
      : [`${tcId}: ${comment} is ${result}`];
  });
}

describe.skipIf(!hasVectors)('the vectors of Project Wycheproof', () => {
  const curves = hasVectors ? VECTORS.map((file) => readVectors(readFileSync(file, 'utf8'))) : [];

  it('include at least 470 vectors for each curve, and each vector is either valid or invalid', () => {
    for (const { groups, numberOfTests } of curves) {
      const tests = groups.flatMap((group) => group.tests);
      expect(tests.length).toBe(numberOfTests);
      expect(tests.length).toBeGreaterThan(469);
      expect(new Set(tests.map(({ result }) => result))).toEqual(new Set(['valid', 'invalid']));
    }
  });

  it('are accepted only if they are valid, on the calling thread and in the thread pool', async () => {
    for (const group of curves.flatMap(({ groups }) => groups)) {
      const key = createPublicKey({ key: group.spki, format: 'der', type: 'spki' });
      const here = group.tests.map(({ message, signature }) => verifyEcdsa('sha256', message, key, signature));
      expect(wrong(group, here)).toEqual([]);
      const inPool = group.tests.map(({ message, signature }) => verifyEcdsaInPool('sha256', message, key, signature));
      expect(wrong(group, await Promise.all(inPool))).toEqual([]);
    }
  });

  it('on P-256 are accepted only if they are valid, for each form of the key', async () => {
    for (const group of curves.flatMap(({ groups }) => groups).filter(({ curve }) => curve === 'secp256r1')) {
      const imported = readPublicKey(group.spki);
      const keys = [imported, ...(await Promise.all(KEY_FORMS.map((form) => preparePublicKey(group.spki, form))))];
      for (const key of keys) {
        const verdicts = group.tests.map(({ message, signature }) => verifyEcdsa('sha256', message, key, signature));
        expect(wrong(group, verdicts)).toEqual([]);
      }
    }
  });
});
