import { argv } from 'node:process';
import { verifyAttestation } from 'app-attest';
import { createVirtualApple } from 'app-attest/testing';

const [, , root] = argv;
const call = {
  attestation: '',
  keyId: Buffer.alloc(32).toString('base64'),
  challenge: 'a',
  appId: 'TEAMID1234.com.example.app',
};
const trusted = await verifyAttestation({ ...call, trustAnchors: [root] }).catch((error) => error);
const made = await createVirtualApple().then(
  () => 'made',
  ({ message }) => message,
);
console.log(JSON.stringify({ trusted: `${trusted.code}: ${trusted.message}`, made }));
