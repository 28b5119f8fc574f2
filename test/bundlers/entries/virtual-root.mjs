import { argv } from 'node:process';
import { verifyAttestation } from 'app-attest';

const [, , root] = argv;
const call = {
  attestation: '',
  keyId: Buffer.alloc(32).toString('base64'),
  challenge: 'a',
  appId: 'TEAMID1234.com.example.app',
};
const { code, message } = await verifyAttestation({ ...call, trustAnchors: [root] }).catch((error) => error);
console.log(`${code}: ${message}`);
