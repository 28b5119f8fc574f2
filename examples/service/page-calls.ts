import type { AppAttestPlugin } from 'app-attest/client';
import express, { type ErrorRequestHandler, Router } from 'express';
import type { DeviceName, Outside } from './outside.js';
import { SCENES } from './scenes.js';
import type { SceneEnd, SceneStart } from './step.js';

const DEVICES: readonly DeviceName[] = ['phone', 'clone', 'rented', 'repackaged'];

/** The routes that the page calls in place of a plugin, and of the methods of {@link Outside}. */
export function pageCalls(outside: Outside): Router {
  const calls = Router();
  calls.use(express.json({ limit: '64kb' }));

  const pluginOf = (name: string): AppAttestPlugin => {
    const device = DEVICES.find((known) => known === name);
    if (!device) throw new Error(`no device ${name}`);
    return outside.plugin(device);
  };
  calls.post('/devices/:device/prepare', async ({ params }, response) => {
    response.json(await pluginOf(params.device).prepare());
  });
  calls.post('/devices/:device/attestation', async ({ params, body }, response) => {
    const options = { keyId: textIn(body, 'keyId'), challenge: textIn(body, 'challenge') };
    response.json(await pluginOf(params.device).createAttestation(options));
  });
  calls.post('/devices/:device/assertion', async ({ params, body }, response) => {
    const options = { keyId: textIn(body, 'keyId'), payload: textIn(body, 'payload') };
    response.json(await pluginOf(params.device).createAssertion(options));
  });

  calls.post('/revocation', async ({ body }, response) => {
    await outside.revoke(textIn(body, 'keyId'));
    response.json({});
  });
  calls.post('/receipt', async ({ body }, response) => {
    response.json({ riskMetric: await outside.refreshReceipt(textIn(body, 'keyId')) });
  });
  calls.post('/restart', async (_request, response) => {
    await outside.restart();
    response.json({});
  });
  calls.post('/clock', async ({ body }, response) => {
    await outside.moveClock(numberIn(body, 'seconds'));
    response.json({});
  });
  calls.post('/note', async ({ body }, response) => {
    await outside.note(noteIn(body));
    response.json({});
  });
  calls.use(sendError);
  return calls;
}

/** The client recognises an error of the device by its code, such as `invalidKey`. */
const sendError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const { code, message }: Record<string, unknown> = Object(error);
  response.status(500).json({ code: String(code), message: String(message) });
};

function textIn(body: unknown, name: string): string {
  const value: unknown = Object(body)[name];
  if (typeof value === 'string') return value;
  throw new TypeError(`${name} must be text`);
}

function numberIn(body: unknown, name: string): number {
  const value: unknown = Object(body)[name];
  if (typeof value === 'number') return value;
  throw new TypeError(`${name} must be a number`);
}

/** The title and the reason come from the scene, not from the page. */
function noteIn(body: unknown): SceneStart | SceneEnd {
  const { kind, scene: name, status, body: answer, isExpected }: Record<string, unknown> = Object(body);
  const scene = SCENES.find((known) => known.name === name);
  if (!scene) throw new TypeError('scene must be the name of a scene');
  const { title, by, why } = scene;
  if (kind === 'start') return { kind, scene: scene.name, by, title };
  return {
    kind: 'end',
    scene: scene.name,
    title,
    status: Number(status),
    body: answer,
    isExpected: isExpected === true,
    why,
  };
}
