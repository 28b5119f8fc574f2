import { type Call, fromJson, outcomesOf, toJson } from '../recorded/calls.js';

/** Makes calls of the verifiers in a page. Takes and returns JSON, because a page and a test share no objects. */
export async function respond(calls: string): Promise<string> {
  return toJson(await outcomesOf(fromJson<Call[]>(calls)));
}

Object.assign(globalThis, { respond });
