const { readFileSync } = require('node:fs');
const appAttest = require('app-attest');
const { verifyRecording } = require('./verify-recording.cjs');

verifyRecording(appAttest, readFileSync(process.argv[2], 'utf8'));
