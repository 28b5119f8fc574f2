// Shows that a registered key survives a restart of a backend:
// APP_ATTEST_VIRTUAL=allow node restart.mjs http://localhost:3000 node server.js
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { createVirtualApple } from 'app-attest/testing';

const [url, command, ...args] = process.argv.slice(2);
const apple = await createVirtualApple();
const [root] = apple.trustAnchors;
await writeFile('virtual-root.pem', root);

const phone = await apple.createDevice({ appId: 'TEAMID1234.com.example.app' });
const { keyId } = await phone.capacitor.prepare();

const first = await start();
try {
  const challenge = await fetchChallenge('attestation');
  const registration = await phone.capacitor.createAttestation({ keyId, challenge });
  await send('POST', '/app-attest/registration', {}, JSON.stringify(registration));
  await order('{"item":"coffee"}');
} finally {
  await stop(first);
}

const second = await start();
try {
  await order('{"item":"tea"}'); // with the same key
  await send('GET', '/orders/7', await sign('GET', '/orders/7'));
  await order('{"item":"tea"}', '{"item":"gold"}'); // changed after the app signed it: 401
} finally {
  await stop(second);
}

async function start() {
  const env = { ...process.env, VIRTUAL_ROOT: 'virtual-root.pem', VIRTUAL_ROOT_TEXT: root };
  const backend = spawn(command, args, { env, detached: true, stdio: 'inherit' });
  while (!(await isListening())) {
    if (backend.exitCode !== null) throw new Error('the backend ended');
    await setTimeout(100);
  }
  return backend;
}

async function stop(backend) {
  process.kill(-backend.pid, 'SIGKILL'); // also ends the processes that the backend started
  if (backend.signalCode === null) await once(backend, 'exit');
  while (await isListening()) await setTimeout(100);
}

function isListening() {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

async function fetchChallenge(purpose) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/app-attest/challenge`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ purpose }),
  });
  return (await response.json()).challenge;
}

async function sign(method, target, body) {
  return phone.signRequest({ method, target, body, challenge: await fetchChallenge('assertion') });
}

async function order(signed, sent = signed) {
  await send('POST', '/orders', await sign('POST', '/orders', signed), sent);
}

async function send(method, target, headers, body) {
  const all = { ...headers, 'content-type': 'application/json' };
  const response = await fetch(url + target, { method, headers: all, body });
  console.log(method, target, response.status, await response.text());
}
