import appAttest = require('app-attest');
import testing = require('app-attest/testing');

const options: appAttest.VerifyAssertionOptions = {
  assertion: new Uint8Array(),
  publicKey: '',
  payload: '',
  appId: 'TEAMID1234.com.example.app',
  counter: 0,
};

export const verified: Promise<appAttest.VerifiedAssertion> = appAttest.verifyAssertion(options);
export const apple: Promise<testing.VirtualApple> = testing.createVirtualApple();
