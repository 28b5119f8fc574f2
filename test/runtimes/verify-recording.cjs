const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const appAttest = require('../../dist/index.cjs');
const { verifyRecording } = require('../package/consumer/verify-recording.cjs');

verifyRecording(appAttest, readFileSync(join(__dirname, '../../fixtures/apple-guide-2026.json'), 'utf8'));
