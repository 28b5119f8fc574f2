const appAttest = require('app-attest');
const server = require('app-attest/server');
const conformance = require('app-attest/server/conformance');
const testing = require('app-attest/testing');
const { serveVirtualDevice } = require('./serve-virtual-device.cjs');

serveVirtualDevice({ ...appAttest, ...server, ...conformance, ...testing });
