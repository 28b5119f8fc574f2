import { createPrivateKey, sign, webcrypto } from 'node:crypto';
import { octetString } from '../../src/testing/encoding/der.js';
import { NOW } from './certificate-authority.js';
import { type Part, type Path, partAt, pathsIn, readElement, replacedAt, writeElement } from './element-tree.js';
import { APP_ID } from './evidence.js';
import { createReceiptChain, makeReceipt } from './receipts.js';

/** A valid receipt under a new certificate chain. Tests can replace each of its elements. */
export interface ReceiptTree {
  readonly bytes: Uint8Array;
  /** The paths to its elements, including those inside the payload and inside extensions. */
  readonly paths: readonly Path[];
  elementAt(path: Path): Uint8Array;
  /** Returns the receipt with `part` instead of the element at the path. Signs it again if the payload changes. */
  with(path: Path, part: Part): Uint8Array;
  /** The options with which `verifyReceipt` accepts the receipt. */
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
  // The payload is in one piece, because the content of a chunk is not a complete element.
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
