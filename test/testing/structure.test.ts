import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Environment } from '../../src/index.js';
import { createVirtualApple, type VirtualOs } from '../../src/testing/index.js';
import {
  assertionStructure,
  attestationStructure,
  receiptFieldStructure,
  receiptFields,
  receiptPayload,
  receiptStructure,
} from '../support/evidence-structure.js';
import { attestedReceipt, deviceCheckToken, endpointUrl } from '../support/receipt-requests.js';
import { fromBase64, hasSharedRecordings, type Recording, recordings } from '../support/recordings.js';

/** For each recording, the virtual operating system whose evidence has the same structure. */
const SYSTEMS: Readonly<Record<string, VirtualOs>> = {
  'ios-14.1.1': 'iOS 14.4',
  'ios-14.3-beta-2': 'iOS 14.4',
  'ios-14.3-beta-3': 'iOS 14.4',
  'ios-14.4-beta-1': 'iOS 14.4',
  'ios-14.4-beta-2': 'iOS 14.4',
  'ios-14.4': 'iOS 14.4',
  'ios-15.5': 'iOS 14.4',
  'ios-16.2': 'iOS 14.4',
  'node-app-attest-assertion': 'iOS 17.2',
  'node-app-attest-development': 'iOS 17.2',
  'node-app-attest-production': 'iOS 17.2',
  'rn-client-2024': 'iOS 17.2',
  'ios-17.5.1-production': 'iOS 17.6',
  'ios-17.5.1': 'iOS 17.6',
  'turtlecrypt-2024': 'iOS 17.6',
  'apple-guide-2024': 'iOS 18',
  'apple-guide-2026': 'iOS 27',
};

/**
 * Recordings with a structure that no virtual operating system has. In the recordings before October 2020, receipts have no
 * signed attributes. The other recordings in this list contain more or less device information.
 */
const WITHOUT_SYSTEM: ReadonlySet<string> = new Set([
  'ios-14.0-2',
  'ios-14.0',
  'ios-14.2-2020',
  'ios-16.7.7',
  'ios-17.1.1',
  'ios-18.2-beta',
  'ios-18.3.1',
]);

const apple = await createVirtualApple();
const CLIENT_DATA_HASH = createHash('sha256').update('wurzelpfropf').digest();

async function virtualEvidence({ name, appId, environment }: Recording) {
  const os = SYSTEMS[name];
  if (!os) throw new Error(`SYSTEMS has no entry for ${name}`);
  const device = await apple.createDevice({ appId, environment, os });
  const keyId = await device.generateKey();
  const attestation = await device.attestKey(keyId, CLIENT_DATA_HASH);
  const assertion = await device.generateAssertion(keyId, CLIENT_DATA_HASH);
  return { attestation, assertion };
}

const shaped = recordings.filter(({ name }) => !WITHOUT_SYSTEM.has(name));
const attested = shaped.filter(({ attestation }) => attestation);
const asserted = shaped.filter(({ assertions }) => assertions.length > 0);
const refreshed = recordings.flatMap(({ name, appId, environment, receipts = [] }) =>
  receipts.filter(({ type }) => type === 'RECEIPT').map((receipt) => ({ name, appId, environment, receipt })),
);

describe('virtual evidence', () => {
  for (const recording of attested) {
    it(`has the structure of the recorded attestation of ${recording.name}`, async () => {
      const { attestation } = await virtualEvidence(recording);
      const recorded = fromBase64(recording.attestation?.object ?? '');
      expect(attestationStructure(attestation)).toEqual(attestationStructure(recorded));
    });
  }

  for (const recording of asserted) {
    it(`has the structure of the recorded assertion of ${recording.name}`, async () => {
      const { assertion } = await virtualEvidence(recording);
      for (const { object } of recording.assertions) {
        expect(assertionStructure(assertion)).toEqual(assertionStructure(fromBase64(object)));
      }
    });
  }

  it.skipIf(!hasSharedRecordings)(
    `has refreshed receipts with the structure of ${refreshed.length} recorded receipts`,
    async () => {
      expect(refreshed).not.toHaveLength(0);
      for (const { appId, environment, receipt } of refreshed) {
        const virtual = await refreshedReceipt(appId, environment);
        const recorded = fromBase64(receipt.object);
        // One recorded receipt is encoded as DER, with the payload in one piece. Only its payload can be compared.
        if (isDer(recorded)) expect(receiptFieldStructure(virtual)).toEqual(receiptFieldStructure(recorded));
        else expect(receiptStructure(virtual)).toEqual(receiptStructure(recorded));
        expect(clientHashOf(virtual)).toEqual(clientHashOf(recorded));
      }
    },
  );

  it('has another structure for another operating system', async () => {
    const [one, other] = await Promise.all(
      (['iOS 14.4', 'iOS 17.2'] as const).map(async (os) => {
        const device = await apple.createDevice({ appId: 'TEAMID1234.com.example.app', os });
        return attestationStructure(await device.attestKey(await device.generateKey(), CLIENT_DATA_HASH));
      }),
    );
    expect(one).not.toEqual(other);
  });
});

/** Returns the second receipt of a device that attested the client data of the recordings. */
async function refreshedReceipt(appId: string, environment: Environment): Promise<Uint8Array> {
  const device = await apple.createDevice({ appId, environment, os: 'iOS 14.4' });
  const receipt = attestedReceipt(await device.attestKey(await device.generateKey(), CLIENT_DATA_HASH));
  const response = await apple.receiptEndpoint()(endpointUrl(environment), {
    method: 'POST',
    headers: { authorization: await deviceCheckToken({ teamId: appId.slice(0, 10) }) },
    body: Buffer.from(receipt).toString('base64'),
  });
  expect(response.status).toBe(200);
  return fromBase64(await response.text());
}

/** Returns whether a receipt is DER. Most receipts of Apple are BER with an indefinite length, whose second byte is 0x80. */
function isDer(receipt: Uint8Array): boolean {
  return receipt[1] !== 0x80;
}

function clientHashOf(receipt: Uint8Array): Uint8Array | undefined {
  return receiptFields(receiptPayload(receipt)).find(({ type }) => type === 4)?.value;
}
