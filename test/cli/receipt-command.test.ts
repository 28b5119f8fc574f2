import { describe, expect, it } from 'vitest';
import { appId, apple, device, file, receiptRoot, registration, signed } from '../support/command-evidence.js';
import { appAttest } from '../support/command-line.js';

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
