import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appId, apple, attestation, bytes, file, guide, signed } from '../support/command-evidence.js';
import { appAttest, Written } from '../support/command-line.js';

describe('app-attest inspect', () => {
  const inspect = ['inspect', attestation, '--date', '2026-04-21T12:00:00Z'];

  it('shows the length of a file that is longer than an attestation may be', async () => {
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

  it('shows the parts of damaged evidence that can be decoded, and says if bytes are not evidence', async () => {
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
