import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCapsule } from '../../src/explain/capsule.js';
import { appId, apple, explained, file, keyId, payload, registration, signed } from '../support/command-evidence.js';
import { appAttest } from '../support/command-line.js';

describe('app-attest replay', () => {
  const content = {
    kind: 'attestation',
    code: 'nonce_mismatch',
    message: 'the nonce differs',
    date: new Date(),
    evidence: registration.token,
    keyId,
    clientData: 'another challenge',
    clientDataForm: 'sha256',
    clientDataHash: undefined,
    key: undefined,
    appIds: [appId],
    environments: ['production'],
    policy: undefined,
    counterWindow: undefined,
    verifyReceipts: undefined,
    trustAnchors: apple.trustAnchors.map((pem) => Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64')),
    receiptTrustAnchors: undefined,
  } as const;
  const capsule = createCapsule(content);

  it('explains a rejection again', async () => {
    const path = file('capsule.json', JSON.stringify(capsule));
    const { code, output } = await appAttest(['replay', path]);
    expect(code).toBe(1);
    expect(output).toMatch(/^rejection\n {2}kind {5}attestation\n/);
    expect(output).toContain('✗ rejected: nonce_mismatch\n');
    expect(output).toContain('checked with the root certificates in the capsule');
  });

  it('prints the code of the rejection if no check of the evidence fails', async () => {
    const used = createCapsule({ ...content, clientData: 'the challenge', code: 'challenge_used' });
    const { code, output } = await appAttest(['replay', '-', '--json'], { input: JSON.stringify(used) });
    expect(code).toBe(0);
    const { verdict, notes } = JSON.parse(output);
    expect(verdict).toBe('accepted');
    expect(notes.at(-2)).toContain(
      'All checks of the evidence passed. The server rejected the request for another reason: challenge_used',
    );
    expect(notes.at(-1)).toContain('a new challenge for each attempt');
  });

  it('explains an assertion with its key, in each form of client data', async () => {
    const { publicKey } = (await explained(registration.token)).inspection.authenticatorData;
    const key = { publicKey, counter: 5, appId, environment: 'production', createdAt: new Date() } as const;
    const assertion = {
      ...content,
      kind: 'assertion',
      evidence: signed.token,
      key,
      code: 'counter_not_increased',
    } as const;
    const clientData = Buffer.from(payload);
    const hash = createHash('sha256').update(payload).digest();
    for (const value of [
      { ...assertion, clientData: payload },
      { ...assertion, clientData },
      { ...assertion, clientData: hash, clientDataForm: 'raw' } as const,
      { ...assertion, clientData: clientData.toString('base64'), clientDataForm: 'sha256-decoded' } as const,
    ]) {
      const { output } = await appAttest(['replay', JSON.stringify(createCapsule(value)), '--json']);
      expect(JSON.parse(output)).toMatchObject({ verdict: 'refused', code: 'counter_not_increased' });
    }
  });

  it('says that checks were skipped, and names no other reason, if an assertion has no key', async () => {
    const assertion = { ...content, kind: 'assertion', evidence: signed.token, clientData: payload } as const;
    const input = JSON.stringify(createCapsule({ ...assertion, code: 'overloaded' }));
    const { output } = await appAttest(['replay', '-'], { input });
    expect(output).toContain('The capsule has no key');
    expect(output).toContain('some were skipped. The server rejected the request with overloaded.');
    expect(output).not.toContain('another reason');
    expect(output).not.toContain('root certificates');
  });

  it('explains the code request_mismatch if the signature is valid', async () => {
    const { publicKey } = (await explained(registration.token)).inspection.authenticatorData;
    const key = { publicKey, counter: 1, appId, environment: 'production', createdAt: new Date() } as const;
    const changed = { ...content, kind: 'assertion', evidence: signed.token, clientData: payload, key } as const;
    const input = JSON.stringify(createCapsule({ ...changed, code: 'request_mismatch' }));
    const { code, output } = await appAttest(['replay', '-'], { input });
    expect(code).toBe(0);
    expect(output).not.toContain('already stored');
    expect(output).toContain('rejected the request with request_mismatch');
    expect(output).toContain('parsed and written again');
  });

  it.each([
    ['text that is not JSON', 'text', 'not a capsule of version 1'],
    ['several lines of JSON', '{}\n{}', 'tail -n 1'],
    ['a capsule of another version', '{"version":2}', 'not a capsule of version 1'],
    ['a capsule of another kind', '{"version":1,"kind":"receipt"}', 'not a capsule of version 1'],
    [
      'a capsule with a digest instead of the evidence',
      '{"version":1,"kind":"assertion","evidence":{"sha256":"","length":1}}',
      'replaced with its digest',
    ],
    ['a capsule with a malformed root', JSON.stringify({ ...capsule, trustAnchors: ['AAAA'] }), 'trust anchor'],
  ])('rejects %s with exit code 2', async (_name, input, message) => {
    const { code, output, errors } = await appAttest(['replay', '-'], { input });
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toContain(message);
  });
});
