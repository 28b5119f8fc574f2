import { createPrivateKey, sign, webcrypto } from 'node:crypto';
import { octetString } from '../../src/testing/encoding/der.js';
import { NOW } from './certificate-authority.js';
import { type Part, type Path, partAt, pathsIn, readElement, replacedAt, writeElement } from './element-tree.js';
import { APP_ID } from './evidence.js';
import { createReceiptChain, makeReceipt } from './receipts.js';

/** A genuine receipt under a chain of its own, each of whose elements can be replaced. */
export interface ReceiptTree {
  readonly bytes: Uint8Array;
  /** The ways to its elements, with those inside the payload and inside extensions. */
  readonly paths: readonly Path[];
  elementAt(path: Path): Uint8Array;
  /** The receipt with something else in the place of an element. Signed again where that changes the payload. */
  with(path: Path, part: Part): Uint8Array;
  /** With which `verifyReceipt` accepts it. */
  readonly options: { appId: string; date: Date; trustAnchors: readonly Uint8Array[] };
}

const PAYLOAD: Path = [1, 0, 2, 1, 0, 0];
const SIGNATURE: Path = [1, 0, 4, 0, 4];

export async function createReceiptTree(): Promise<ReceiptTree> {
  const chain = await createReceiptChain();
  const key = createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', chain.signer.keys.privateKey)),
    format: 'der',
    type: 'pkcs8',
  });
  // In one piece: a chunk would be no element.
  const bytes = await makeReceipt(chain, { content: octetString });
  const tree = readElement(bytes);
  const paths = pathsIn(tree);
  return {
    bytes,
    paths,
    elementAt: (path) => writeElement(partAt(tree, path)),
    with: (path, part) => {
      const changed = replacedAt(tree, path, part);
      const isInPayload = PAYLOAD.every((index, level) => index === path[level]);
      if (!isInPayload) return writeElement(changed);
      const payload = writeElement(partAt(changed, PAYLOAD));
      return writeElement(replacedAt(changed, SIGNATURE, octetString(sign('sha256', payload, key))));
    },
    options: { appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] },
  };
}
