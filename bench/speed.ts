import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { verifyAssertion, verifyAttestation } from '../src/index.js';
import { APP_ID, bareLeaf, recordedOptions, type SignedRequest, signedRequests } from './evidence.js';
import { type Candidate, interleaved, type Measured } from './interleaved.js';
import { loadPeers } from './peers.js';

export const OURS = 'app-attest';
export const BARE = 'bare crypto.verify';
export const BARE_IN_POOL = 'bare crypto.verify in the thread pool';

const peers = await loadPeers((data) => createHash('sha256').update(data).digest());

function verifyInPool(hash: string, message: Uint8Array, key: KeyObject, signature: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(hash, message, key, signature, (error, isValid) => (error ? reject(error) : resolve(isValid)));
  });
}

/** Returns a function that calls `run` with another request each time. */
function eachInTurn(requests: readonly SignedRequest[], run: (request: SignedRequest) => unknown): () => unknown {
  let next = 0;
  return () => {
    const request = requests[next];
    next = (next + 1) % requests.length;
    return request && run(request);
  };
}

const ours = (request: SignedRequest, publicKey: KeyObject | string) => {
  const { assertion, payload } = request;
  return verifyAssertion({ assertion, payload, publicKey, appId: APP_ID, counter: 0 });
};

/** Measures an assertion with an existing `KeyObject`, as in a server that caches imported keys. */
export function assertionsWithReadyKey(rounds: number): Promise<Measured[]> {
  const [request] = signedRequests(1);
  if (!request) throw new Error('signedRequests returned no request');
  const { nonce, publicKey, signature } = request;
  return interleaved(
    [
      { name: BARE, run: () => verify('sha256', nonce, publicKey, signature) },
      { name: BARE_IN_POOL, run: () => verifyInPool('sha256', nonce, publicKey, signature) },
      { name: OURS, run: () => ours(request, publicKey) },
    ],
    rounds,
    100,
  );
}

/** Measures an assertion with a PEM. Each call uses a different key. */
export function assertionsWithPem(rounds: number): Promise<Measured[]> {
  const requests = signedRequests(64);
  const candidates: Candidate[] = [
    {
      name: BARE,
      run: eachInTurn(requests, ({ nonce, publicKey, signature }) => verify('sha256', nonce, publicKey, signature)),
    },
    {
      name: 'createPublicKey(pem) and verify',
      run: eachInTurn(requests, ({ nonce, pem, signature }) =>
        verify('sha256', nonce, createPublicKey(pem), signature),
      ),
    },
    { name: OURS, run: eachInTurn(requests, (request) => ours(request, request.pem)) },
    ...peers.map((peer) => ({ name: peer.name, run: eachInTurn(requests, peer.verifyAssertion) })),
  ];
  return interleaved(candidates, rounds, 64);
}

/** Measures an attestation. The signature of its intermediate certificate is already in the cache. */
export async function attestations(rounds: number): Promise<Measured[]> {
  const { hash, message, key, signature } = bareLeaf();
  return interleaved(
    [
      { name: BARE, run: () => verify(hash, message, key, signature) },
      { name: BARE_IN_POOL, run: () => verifyInPool(hash, message, key, signature) },
      { name: OURS, run: () => verifyAttestation(recordedOptions) },
      ...peers.map((peer) => ({ name: peer.name, run: peer.verifyAttestation })),
    ],
    rounds,
    8,
  );
}

/** Returns the fastest of the other verifiers. */
export function bestPeer(measured: readonly Measured[], median: (measured: Measured) => number): Measured {
  const others = measured.filter(({ name }) => peers.some((peer) => peer.name === name));
  const [best] = others.sort((one, other) => median(one) - median(other));
  if (!best) throw new Error('no other verifier was measured');
  return best;
}
