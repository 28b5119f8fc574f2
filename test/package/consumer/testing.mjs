import * as appAttest from 'app-attest';
import * as testing from 'app-attest/testing';
import { registerVirtualDevice } from './register-virtual-device.cjs';

await registerVirtualDevice(appAttest, testing);
