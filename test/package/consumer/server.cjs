const appAttest = require('app-attest');
const server = require('app-attest/server');
const conformance = require('app-attest/server/conformance');
const redis = require('app-attest/redis');
const postgres = require('app-attest/postgres');
const sqlite = require('app-attest/sqlite');
const testing = require('app-attest/testing');
const { serveVirtualDevice } = require('./serve-virtual-device.cjs');

serveVirtualDevice({ ...appAttest, ...server, ...conformance, ...redis, ...sqlite, ...postgres, ...testing });
