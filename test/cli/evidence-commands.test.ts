import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createCapsule } from '../../src/explain/capsule.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { appAttest, Written } from '../support/command-line.js';

const folder = mkdtempSync(join(tmpdir(), 'app-attest-evidence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const guide = JSON.parse(readFileSync('fixtures/apple-guide-2026.json', 'utf8'));
const { object: attestation, clientDataHash, validAt } = guide.attestation;
const bytes = Buffer.from(attestation, 'base64');
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

const appId = 'TEAMID1234.com.example.app';
const apple = await createVirtualApple();
const device = await apple.createDevice({ appId });
const { keyId } = await device.capacitor.prepare();
const registration = await device.capacitor.createAttestation({ keyId, challenge: 'the challenge' });
const payload = 'POST /orders\nanother challenge\n{"item":"coffee"}';
const signed = await device.capacitor.createAssertion({ keyId, payload });
const root = file('root.pem', apple.trustAnchors.join(''));
const receiptRoot = file('receipt-root.pem', apple.receiptTrustAnchors.join(''));

const explained = async (...args: string[]) => JSON.parse((await appAttest(['explain', ...args, '--json'])).output);

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
    ['challenge', ['--challenge', 'a', '--client-data-hash', clientDataHash], '--challenge or --client-data-hash'],
    ['challenge in a file', ['--challenge', 'a', '--challenge-file', root], '--challenge or --challenge-file'],
    ['payload', ['--payload-file', root, '--client-data-hash', clientDataHash], '--payload-file or --client-data-hash'],
  ])('rejects a %s that is stated twice', async (_, args, errors) => {
    const result = await appAttest(['explain', attestation, ...args]);
    expect(result).toMatchObject({ code: 2, errors: expect.stringContaining(`pass either ${errors}`) });
  });

  it('quotes no control characters of an argument', async () => {
    const { code, errors } = await appAttest(['explain', '--\u001b[2J\nA line']);
    expect(code).toBe(2);
    expect(errors).toMatch(/^app-attest: Unknown option '--\\u001b\[2J A line'.*\nTry: .*\n$/);
  });

  it.each(['', '\ud800'])('ignores a challenge in JSON that no device can hash: %j', async (challenge) => {
    const { code, output } = await appAttest(['explain', JSON.stringify({ token: attestation, challenge }), '--json']);
    const { checks } = JSON.parse(output);
    expect(checks).toContainEqual(expect.objectContaining({ name: 'nonce', outcome: 'skipped' }));
    expect(code).toBe(1);
  });

  it('uses the key identifier and the challenge in the JSON of the plugin', async () => {
    const json = JSON.stringify(registration);
    const args = ['explain', json, '--app-id', appId, '--trust-anchor', root];
    expect(await appAttest(args)).toMatchObject({ code: 0, output: expect.stringContaining('✓ accepted\n') });
    const other = await appAttest([...args, '--challenge', 'another challenge']);
    expect(other).toMatchObject({ code: 1, output: expect.stringContaining('✗ rejected: nonce_mismatch\n') });
  });

  it('accepts a challenge that begins with a hyphen, as one of 64 in base64url does', async () => {
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

  it('does not correct wrong encodings of the app', async () => {
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

it.each(['explain', 'inspect', 'receipt', 'replay'])(
  'app-attest %s rejects 10 MB quickly with exit code 2',
  async (command) => {
    const input = Buffer.alloc(10_000_000, 0x41);
    const path = file('large.txt', input);
    const start = performance.now();
    for (const run of [appAttest([command, '-'], { input }), appAttest([command, path])]) {
      expect(await run).toMatchObject({ code: 2, output: '', errors: expect.stringContaining('longer than 1048576') });
    }
    expect(performance.now() - start).toBeLessThan(2000);
  },
);

describe('app-attest inspect', () => {
  const inspect = ['inspect', attestation, '--date', '2026-04-21T12:00:00Z'];

  it('does not call a long file empty', async () => {
    const { code, output } = await appAttest(['inspect', file('long.txt', 'A'.repeat(300_000))]);
    expect(code).toBe(1);
    expect(output).toContain('300000 bytes, from unknown');
    expect(output).toContain('longer than 65536');
  });

  it('shows each field of authenticator data with its position', async () => {
    const { code, output } = await appAttest(inspect);
    expect(code).toBe(0);
    expect(output).toContain(`attestation: 5906 bytes, from base64
  format   apple-appattest
  entries  fmt, attStmt, authData

authenticator data: offset, bytes, field
    0   32  RP ID hash            f4466d68f91eb6c10620cb7e63c7283244685ee1d6467b54160e753172057f03 = 1234567890.com.example.myapp
   32    1  flags                 0x40 AT (attested credential data)
   33    4  counter               0
   37   16  AAGUID                appattest = production
   53    2  credential ID length  32
   55   32  credential ID         zgSY9YSD+7TaDXssY6WlOPVS1K3Lmk+pFhlcSWE+ZV0=
`);
    expect(output).toContain('(not authenticated: the flags do not include ED)\n');
  });

  it('shows certificates with their dates and extensions', async () => {
    const { output } = await appAttest(inspect);
    expect(output).toContain('credential certificate: valid\n');
    expect(output).toContain('  serial number  019db13f0b4e\n');
    expect(output).toContain('  not after      2026-04-23 18:13:12Z, in 2 days\n');
    expect(output).toContain(
      '    Nonce (1.2.840.113635.100.8.2): 87b7d06d93a4294e46f011e66b6cc400f0bab20729976c619580b42ae60bff6e\n',
    );
    expect(output).toContain('App ID 1234567890.com.example.myapp');
    expect(output).toContain('OS version 27.0, device class 2, iBoot version 1.0.216');
    expect(output).toContain('    Basic Constraints (2.5.29.19), critical: CA: true Path Length: 0\n');
    const later = await appAttest(['inspect', attestation, '--date', '2030-01-01']);
    expect(later.output).toContain('credential certificate: expired\n');
  });

  it('shows the receipt in an attestation', async () => {
    const { output } = await appAttest(inspect);
    expect(output).toContain('  expires      2026-07-20 18:13:12Z, in 3 months\n');
    expect(output).toContain('subject        CN=Application Attestation Fraud Receipt Signing');
    expect(output).not.toContain('problems');
  });

  it('shows assertions and receipts', async () => {
    const assertion = await appAttest(['inspect', signed.token]);
    expect(assertion.output).toContain('0xc0 AT (attested credential data) ED (extension data)');
    expect(assertion.output).toContain('validation category 4 (AppStore), bundle version "1"');
    const { receipt } = JSON.parse((await appAttest([...inspect, '--json'])).output).inspection;
    const shown = JSON.parse((await appAttest(['inspect', receipt, '--json'])).output);
    expect(shown).toMatchObject({ kind: 'receipt', receipt: { inspection: { type: 'ATTEST', appId: guide.appId } } });
    expect(shown.certificates.length).toBe(3);
  });

  it('shows the parts of damaged evidence that can be decoded, and does not recognize other bytes', async () => {
    const cut = await appAttest(['inspect', bytes.subarray(0, 3000).toString('base64')]);
    expect(cut.output).toContain('problems\n');
    const other = await appAttest(['inspect', '-'], { input: Buffer.alloc(300, 7) });
    expect(other).toMatchObject({ code: 1, output: expect.stringMatching(/^Not recognized as evidence/) });
  });

  it('escapes control characters in evidence', async () => {
    const hostile = await apple.createDevice({ appId, bundleVersion: '\u001b[2J\u202e\u0000' });
    const id = await hostile.generateKey();
    const evidence = Buffer.from(await hostile.attestKey(id, new Uint8Array(32))).toString('base64');
    for (const args of [
      ['inspect', evidence],
      ['inspect', evidence, '--json'],
      ['explain', evidence, '--json'],
    ]) {
      const { output } = await appAttest(args);
      expect(output).toContain('u202e');
      expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  it('fits a narrow terminal, and obeys NO_COLOR', async () => {
    const narrow = new Written({ isTTY: true, columns: 40 });
    const { output } = await appAttest(inspect, { stdout: narrow, env: { NO_COLOR: '1' } });
    expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(output).not.toContain('\u001b');
    const coloured = await appAttest(inspect, { stdout: new Written({ isTTY: true }) });
    expect(coloured.output).toContain('\u001b[1mattestation: 5906 bytes, from base64\u001b[22m\n');
    const dumb = await appAttest(inspect, { stdout: new Written({ isTTY: true }), env: { TERM: 'dumb' } });
    expect(dumb.output).not.toContain('\u001b');
    for (const columns of [1, 10]) await appAttest(inspect, { stdout: new Written({ isTTY: true, columns }) });
  });
});

describe('app-attest receipt', () => {
  const args = ['receipt', '--app-id', appId, '--trust-anchor', receiptRoot];

  it('verifies the receipt in an attestation, and prints when to refresh it', async () => {
    const { code, output } = await appAttest([...args, JSON.stringify(registration)]);
    expect(code).toBe(0);
    expect(output).toContain('✓ accepted\n');
    expect(output).toContain('  The receipt of an attestation has no risk metric.');
    expect(output).toMatch(/By default, the receipt is due for a refresh at [\d-]+ [\d:]+Z, in (23|24) hours\./);
  });

  it('shows the risk metric', async () => {
    device.riskMetric = 12;
    const endpoint = apple.receiptEndpoint();
    const { refreshReceipt, inspectAttestation } = await import('../../src/index.js');
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const credentials = {
      teamId: 'TEAMID1234',
      keyId: 'ABC123DEFG',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
    const { receipt = new Uint8Array() } = inspectAttestation(registration.token);
    const refreshed = await refreshReceipt({ receipt, environment: 'production', credentials, fetch: endpoint });
    const path = file('receipt.bin', refreshed.receipt ?? '');
    const { code, output } = await appAttest([...args, path]);
    expect(code).toBe(0);
    expect(output).toContain('The device attested about 12 keys in the 30 days before this receipt.');
    const expired = await appAttest([...args, path, '--date', '2099-01-01']);
    expect(expired).toMatchObject({ code: 1, output: expect.stringContaining('The receipt has expired') });
  });

  it('rejects a receipt of another app, and prints the verdict undecided without --app-id', async () => {
    const json = JSON.stringify(registration);
    const other = await appAttest(['receipt', json, '--app-id', `${appId}.other`, '--trust-anchor', receiptRoot]);
    expect(other).toMatchObject({ code: 1, output: expect.stringContaining('✗ rejected: app_id_mismatch') });
    const undecided = await appAttest(['receipt', json, '--trust-anchor', receiptRoot, '--json']);
    expect(undecided.code).toBe(0);
    expect(JSON.parse(undecided.output)).toMatchObject({ verdict: 'undecided' });
    const assertion = await appAttest(['receipt', signed.token]);
    expect(assertion).toMatchObject({ code: 2, errors: expect.stringContaining('contains no receipt') });
  });
});

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
    expect(notes.at(-2)).toContain('for another reason: challenge_used');
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
    const unknown = createCapsule({ ...assertion, key: undefined, clientData: payload });
    const { output } = await appAttest(['replay', JSON.stringify(unknown)]);
    expect(output).toContain('The capsule has no key');
  });

  it('says that the body was changed if the signature is valid', async () => {
    const { publicKey } = (await explained(registration.token)).inspection.authenticatorData;
    const key = { publicKey, counter: 1, appId, environment: 'production', createdAt: new Date() } as const;
    const changed = { ...content, kind: 'assertion', evidence: signed.token, clientData: payload, key } as const;
    const input = JSON.stringify(createCapsule({ ...changed, code: 'request_mismatch' }));
    const { code, output } = await appAttest(['replay', '-'], { input });
    expect(code).toBe(0);
    expect(output).not.toContain('already stored');
    expect(output).toContain('another reason: request_mismatch');
    expect(output).toContain('parsed and written again');
  });

  it.each([
    ['text that is not JSON', 'text', 'not a capsule of version 1'],
    ['lines of JSON', '{}\n{}', 'tail -n 1'],
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

describe('app-attest', () => {
  it.each(['', 'explain', 'inspect', 'receipt', 'replay', 'device', 'inspector', 'receipts refresh'])(
    '%s --help prints lines of at most 80 characters to standard output',
    async (name) => {
      const { code, output, errors } = await appAttest([...name.split(' ').filter((word) => word !== ''), '--help']);
      expect({ code, errors }).toEqual({ code: 0, errors: '' });
      expect(output).toMatch(new RegExp(`^Usage: app-attest ${name}`));
      for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it('--version prints the version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await appAttest(['--version'])).toMatchObject({ code: 0, output: `${version}\n` });
  });
});

it.each(['explain', 'inspect', 'receipt', 'replay'])(
  'app-attest %s exits with code 0, 1 or 2 for random bytes and text',
  async (command) => {
    for (let round = 0; round < 30; round += 1) {
      const random = randomBytes(1 + round * 20);
      const damaged = Buffer.from(bytes);
      random.copy(damaged, (round * 190) % (damaged.length - random.length));
      for (const input of [
        random,
        random.toString('latin1'),
        damaged,
        JSON.stringify({ token: random.toString('hex') }),
      ]) {
        const { code } = await appAttest([command, '-'], { input });
        expect([0, 1, 2]).toContain(code);
      }
    }
  },
);

describe('app-attest inspect', () => {
  it.each(readdirSync('fixtures').filter((name) => name.endsWith('.json')))(
    'shows the recording %s without problems',
    async (name) => {
      const {
        attestation: found,
        assertions = [],
        receipts = [],
      } = JSON.parse(readFileSync(`fixtures/${name}`, 'utf8'));
      const objects = [found, ...assertions, ...receipts].filter((each) => each !== undefined);
      for (const { object } of objects) {
        const { code, output } = await appAttest(['inspect', object]);
        expect(code).toBe(0);
        expect(output).not.toContain('problems');
      }
    },
  );
});
