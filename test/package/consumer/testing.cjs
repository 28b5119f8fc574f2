const appAttest = require('app-attest');
const testing = require('app-attest/testing');
const { registerVirtualDevice } = require('./register-virtual-device.cjs');

registerVirtualDevice(appAttest, testing);
