const { readFileSync } = require('node:fs');
const { verifyAttestation } = require('app-attest');
const { verifyRecording } = require('./verify-recording.cjs');

verifyRecording(verifyAttestation, readFileSync(process.argv[2], 'utf8'));
