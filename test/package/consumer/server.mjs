import * as appAttest from 'app-attest';
import * as postgres from 'app-attest/postgres';
import * as redis from 'app-attest/redis';
import * as server from 'app-attest/server';
import * as conformance from 'app-attest/server/conformance';
import * as sqlite from 'app-attest/sqlite';
import * as testing from 'app-attest/testing';
import { serveVirtualDevice } from './serve-virtual-device.cjs';

await serveVirtualDevice({ ...appAttest, ...server, ...conformance, ...redis, ...sqlite, ...postgres, ...testing });
