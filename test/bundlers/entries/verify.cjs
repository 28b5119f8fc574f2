const appAttest = require('app-attest');
const { verifyRecordings } = require('./verify-recordings.mjs');

verifyRecordings(appAttest);
