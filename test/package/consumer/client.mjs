import { AppAttestClientError, capacitor, createClient, expo } from 'app-attest/client';
import { signOnce } from './sign-once.cjs';

console.log(JSON.stringify(await signOnce({ AppAttestClientError, capacitor, createClient, expo })));
