import { AppAttestError } from '../../errors.js';
import { withinTimeLimit } from '../../runtime/time-limit.js';

/** A client of the package `redis`, version 4 or later. It may be a single client, a cluster, a Sentinel or a pool. */
export interface NodeRedisClient {
  /** Runs a script that Redis has cached, by the SHA-1 of its text. */
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** A client of the package `ioredis`, version 5 or later: `Redis` or `Cluster`. */
export interface IoRedisClient {
  /** Runs a script that Redis has cached, by the SHA-1 of its text. */
  evalsha(sha: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
  /** Runs a script by its text. */
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** A connected Redis client. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/**
 * The common interface of both kinds of clients. Runs a script on one Redis key. The SHA-1 or the text identifies the script.
 */
export interface ScriptClient {
  bySha(sha: string, key: string, parameters: string[]): Promise<unknown>;
  byText(script: string, key: string, parameters: string[]): Promise<unknown>;
}

/**
 * Wraps a Redis client in the common interface.
 *
 * @param timeout The time limit for a reply, in seconds
 * @throws AppAttestError `invalid_argument`
 */
export function scriptClient(client: RedisClient, timeout: number): ScriptClient {
  const scripts = anyClient(client);
  return {
    bySha: (sha, key, parameters) => withinTimeLimit(timeout, 'Redis', scripts.bySha(sha, key, parameters)),
    byText: (script, key, parameters) => withinTimeLimit(timeout, 'Redis', scripts.byText(script, key, parameters)),
  };
}

function anyClient(client: RedisClient): ScriptClient {
  if (hasMethod(client, 'evalSha') && hasMethod(client, 'eval')) return nodeRedis(client);
  if (hasMethod(client, 'evalsha') && hasMethod(client, 'eval')) return ioRedis(client);
  throw new AppAttestError('invalid_argument', 'client must be a client of the package redis or ioredis');
}

function hasMethod<Client extends RedisClient, Name extends 'evalSha' | 'evalsha' | 'eval'>(
  client: Client,
  name: Name,
): client is Extract<Client, Record<Name, unknown>> {
  return typeof client === 'object' && client !== null && typeof Reflect.get(client, name) === 'function';
}

function nodeRedis(client: NodeRedisClient): ScriptClient {
  return {
    bySha: (sha, key, parameters) => client.evalSha(sha, { keys: [key], arguments: parameters }),
    byText: (script, key, parameters) => client.eval(script, { keys: [key], arguments: parameters }),
  };
}

function ioRedis(client: IoRedisClient): ScriptClient {
  return {
    bySha: (sha, key, parameters) => client.evalsha(sha, 1, key, ...parameters),
    byText: (script, key, parameters) => client.eval(script, 1, key, ...parameters),
  };
}
