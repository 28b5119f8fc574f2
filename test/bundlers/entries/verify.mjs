import * as appAttest from 'app-attest';
import { verifyRecordings } from './verify-recordings.mjs';

verifyRecordings(appAttest);
