import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  appId,
  attestation,
  bytes,
  device,
  explained,
  file,
  folder,
  guide,
  payload,
  registration,
  root,
  signed,
} from '../support/command-evidence.js';
import { appAttest } from '../support/command-line.js';

const { clientDataHash, validAt } = guide.attestation;
const accepted = [
  '--app-id',
  guide.appId,
  '--key-id',
  guide.keyId,
  '--client-data-hash',
  clientDataHash,
  '--date',
  validAt,
];

describe('app-attest explain', () => {
  it.each([
    ['a file with base64', () => file('base64.txt', attestation)],
    ['a file with base64 in lines', () => file('lines.txt', attestation.replace(/.{76}/g, '$&\n'))],
    ['a file with bytes', () => file('bytes.bin', bytes)],
    ['a file with hex', () => file('hex.txt', bytes.toString('hex'))],
    ['a file with JSON', () => file('json.json', JSON.stringify({ token: attestation }))],
    ['base64 text', () => attestation],
    ['base64url text', () => bytes.toString('base64url')],
    ['text in quotes', () => JSON.stringify(attestation)],
  ])('accepts %s', async (_name, evidence) => {
    const { code, output } = await appAttest(['explain', evidence(), ...accepted]);
    expect(output).toContain('✓ accepted\n');
    expect(code).toBe(0);
  });

  it('accepts standard input', async () => {
    const { code, output } = await appAttest(['explain', '-', ...accepted, '--json'], { input: `${attestation}\n` });
    expect(JSON.parse(output)).toMatchObject({ kind: 'attestation', verdict: 'accepted', causes: [] });
    expect(code).toBe(0);
  });

  it.each([
    [
      'a challenge together with a client data hash',
      ['--challenge', 'a', '--client-data-hash', clientDataHash],
      '--challenge or --client-data-hash',
    ],
    [
      'a challenge together with a challenge file',
      ['--challenge', 'a', '--challenge-file', root],
      '--challenge or --challenge-file',
    ],
    [
      'a payload file together with a client data hash',
      ['--payload-file', root, '--client-data-hash', clientDataHash],
      '--payload-file or --client-data-hash',
    ],
  ])('rejects %s', async (_, args, errors) => {
    const result = await appAttest(['explain', attestation, ...args]);
    expect(result).toMatchObject({ code: 2, errors: expect.stringContaining(`pass either ${errors}`) });
  });

  it('quotes no control characters of an argument', async () => {
    const { code, errors } = await appAttest(['explain', '--\u001b[2J\nA line']);
    expect(code).toBe(2);
    expect(errors).toMatch(/^app-attest: Unknown option '--\\u001b\[2J A line'.*\nTry: .*\n$/);
  });

  it.each(['', '\ud800'])(
    'ignores a challenge in JSON that is empty or has an unpaired surrogate: %j',
    async (challenge) => {
      const { code, output } = await appAttest([
        'explain',
        JSON.stringify({ token: attestation, challenge }),
        '--json',
      ]);
      const { checks } = JSON.parse(output);
      expect(checks).toContainEqual(expect.objectContaining({ name: 'nonce', outcome: 'skipped' }));
      expect(code).toBe(1);
    },
  );

  it('uses the key identifier and the challenge in the JSON of the plugin', async () => {
    const json = JSON.stringify(registration);
    const args = ['explain', json, '--app-id', appId, '--trust-anchor', root];
    expect(await appAttest(args)).toMatchObject({ code: 0, output: expect.stringContaining('✓ accepted\n') });
    const other = await appAttest([...args, '--challenge', 'another challenge']);
    expect(other).toMatchObject({ code: 1, output: expect.stringContaining('✗ rejected: nonce_mismatch\n') });
  });

  it('accepts a challenge that begins with a hyphen, as one in 64 base64url challenges does', async () => {
    for (const challenge of ['-3NJA7DO', '--3NJA7DO']) {
      const id = await device.generateKey();
      const evidence = await device.attestKey(id, createHash('sha256').update(challenge).digest());
      const args = ['--app-id', appId, '--key-id', id, '--trust-anchor', root, '--challenge', challenge];
      expect(await explained(file('hyphen.bin', evidence), ...args)).toMatchObject({ verdict: 'accepted' });
    }
  });

  it('accepts a challenge that is not text, from a file', async () => {
    const challenge = Buffer.from([0xff, 0x00, 0x0a]);
    const id = await device.generateKey();
    const evidence = await device.attestKey(id, createHash('sha256').update(challenge).digest());
    const args = [file('binary.bin', evidence), '--app-id', appId, '--key-id', id, '--trust-anchor', root];
    const verdict = await explained(...args, '--challenge-file', file('challenge.bin', challenge));
    expect(verdict).toMatchObject({ verdict: 'accepted' });
    const cut = await explained(...args, '--challenge-file', file('challenge.bin', challenge.subarray(0, 2)));
    expect(cut).toMatchObject({ code: 'nonce_mismatch' });
  });

  it('does not correct an attestation that the app encoded incorrectly', async () => {
    const twice = Buffer.from(attestation).toString('base64');
    for (const evidence of [twice, JSON.stringify({ token: twice }), encodeURIComponent(attestation)]) {
      const { verdict, code } = await explained(evidence, ...accepted);
      expect({ verdict, code }).toEqual({ verdict: 'refused', code: 'malformed_attestation' });
    }
  });

  it('prints the verdict undecided with exit code 0 if a value is missing', async () => {
    const { code, output } = await appAttest(['explain', attestation, '--date', validAt]);
    expect({ code, verdict: output.split('\n')[1] }).toEqual({
      code: 0,
      verdict: '? undecided: no check failed, but a value to compare with is missing',
    });
  });

  it('explains an assertion with a public key, a payload and a counter', async () => {
    const { publicKey } = (await explained(JSON.stringify(registration))).inspection.authenticatorData;
    const key = file('key.pem', publicKey);
    const args = [JSON.stringify(signed), '--app-id', appId, '--public-key', key];
    expect(await explained(...args, '--counter', '0')).toMatchObject({ kind: 'assertion', verdict: 'accepted' });
    expect(await explained(...args, '--counter', '1')).toMatchObject({ code: 'counter_not_increased' });
    const inFile = file('payload.txt', payload);
    expect(await explained(...args, '--counter', '0', '--payload-file', inFile)).toMatchObject({ verdict: 'accepted' });
    const changed = await explained(...args, '--counter', '0', '--payload', `${payload} `);
    expect(changed).toMatchObject({ verdict: 'refused', code: 'invalid_signature' });
    const base64 = publicKey.replace(/-----.*-----|\n/g, '');
    expect(await explained(signed.token, '--public-key', base64, '--payload', payload)).toMatchObject({
      kind: 'assertion',
      verdict: 'undecided',
    });
  });

  it('explains an assertion as an attestation if the options are for attestations', async () => {
    expect(await explained(signed.token, '--challenge', 'the challenge')).toMatchObject({
      kind: 'attestation',
      code: 'malformed_attestation',
    });
  });

  it('says which command explains a capsule', async () => {
    const capsule = { version: 1, kind: 'assertion', evidence: signed.token };
    const { code, errors } = await appAttest(['explain', file('capsule-of-explain.json', JSON.stringify(capsule))]);
    expect({ code, errors }).toEqual({ code: 2, errors: expect.stringContaining('use app-attest replay') });
  });

  it.each([
    ['a missing argument', [], 'EVIDENCE is missing'],
    ['the name of a file that does not exist', ['attestation.txt'], '"attestation.txt" is neither a file nor evidence'],
    ['a folder', [folder], 'EISDIR'],
    ['two arguments', [attestation, 'again'], 'unexpected argument "again"'],
    ['an unknown option', [attestation, '--app'], '--app'],
    ['an option in place of a value', [attestation, '--challenge', '--json'], "'--challenge' argument is ambiguous"],
    ['a misspelt option in place of a value', [attestation, '--challenge', '--jsn'], "'--challenge' argument"],
    ['a missing value', [attestation, '--challenge'], "'--challenge <value>' argument missing"],
    ['an invalid App ID', [attestation, '--app-id', 'example'], 'appId "example" must be'],
    ['a wrong date', [attestation, '--date', 'yesterday'], '--date must be'],
    ['a wrong environment', [attestation, '--environment', 'sandbox'], '--environment must be'],
    ['a wrong counter', [attestation, '--counter', '-1'], '--counter'],
    ['a wrong hash', [attestation, '--client-data-hash', '#'], '--client-data-hash must be'],
    ['a wrong key', [signed.token, '--public-key', 'AAAA'], 'publicKey'],
    [
      'a payload together with a challenge',
      [attestation, '--payload', 'a', '--challenge', 'b'],
      '--challenge is for attestations',
    ],
    ['a payload file that does not exist', [attestation, '--payload-file', 'none'], 'ENOENT'],
  ])('rejects %s with exit code 2', async (_name, args, message) => {
    const { code, output, errors } = await appAttest(['explain', ...args]);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toContain(message);
    expect(errors).toContain('Try: app-attest explain --help');
  });
});
