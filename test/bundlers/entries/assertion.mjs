import { verifyAssertion } from 'app-attest';

console.log(typeof verifyAssertion);
