import { readFileSync } from 'node:fs';
import * as appAttest from 'app-attest';
import { verifyRecording } from './verify-recording.cjs';

await verifyRecording(appAttest, readFileSync(process.argv[2], 'utf8'));
