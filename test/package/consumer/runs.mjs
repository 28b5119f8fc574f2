import { readFileSync } from 'node:fs';
import { verifyAttestation } from 'app-attest';
import { verifyRecording } from './verify-recording.cjs';

await verifyRecording(verifyAttestation, readFileSync(process.argv[2], 'utf8'));
