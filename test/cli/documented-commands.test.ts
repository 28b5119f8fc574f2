import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inspectAttestation } from '../../src/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { appAttest } from '../support/command-line.js';

const folder = mkdtempSync(join(tmpdir(), 'app-attest-documents-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const appId = 'TEAMID1234.com.example.app';
const apple = await createVirtualApple();
const device = await apple.createDevice({ appId });
const { keyId } = await device.capacitor.prepare();
const registration = await device.capacitor.createAttestation({ keyId, challenge: 'a challenge' });
const assertion = await device.capacitor.createAssertion({ keyId, payload: 'a payload' });
const { receipt = new Uint8Array(), authenticatorData } = inspectAttestation(registration.token);

const FILES: Readonly<Record<string, string>> = {
  'registration.json': JSON.stringify(registration),
  'assertion.txt': assertion.token,
  'receipt.txt': Buffer.from(receipt).toString('base64'),
  'key.pem': authenticatorData?.publicKey ?? '',
  'signed.txt': 'a payload',
  'capsule.json': JSON.stringify({
    version: 1,
    kind: 'attestation',
    evidence: registration.token,
    code: 'key_unknown',
  }),
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);

const commands = ['command-line.md', 'troubleshooting.md']
  .map((name) => readFileSync(`docs/${name}`, 'utf8'))
  .flatMap((text) => [...text.matchAll(/npx app-attest ([a-z][^`\n>]+)/g)].map(([, command]) => command?.trim() ?? ''));

/** Returns the arguments of a command. Replaces file names with the paths of test files, and placeholders with values. */
function argumentsOf(command: string): string[] {
  const words = command.match(/'[^']*'|\S+/g) ?? [];
  return words.map((word) => {
    if (word in FILES) return join(folder, word);
    // Nothing listens on this port, so the command ends after its first request.
    return word
      .replace(/^'|'$/g, '')
      .replace('http://localhost:3000', 'http://127.0.0.1:1')
      .replace(/^appId$/, appId);
  });
}

describe('the commands in the documentation', () => {
  it.each([...new Set(commands)].filter((command) => command !== 'inspector'))(
    'run without a usage error: %s',
    async (command) => {
      const args = argumentsOf(command);
      const rootFile = args[0] === 'device' ? ['--root-file', join(folder, 'virtual-apple.json')] : [];
      const { code, errors } = await appAttest([...args, ...rootFile], { input: FILES['capsule.json'] ?? '' });
      expect(errors).toBe('');
      expect([0, 1]).toContain(code);
    },
  );

  it('are more than ten different commands', () => {
    expect(new Set(commands).size).toBeGreaterThan(10);
  });
});
