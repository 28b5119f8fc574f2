import { encodeBase64 } from '../encoding/base64.js';
import type { InspectedReceipt } from '../explain/inspect-receipt.js';
import { dateText } from './date-text.js';
import type { Row } from './printer.js';

/** The fields of a receipt, in the order of Apple's field numbers. */
export function receiptRows(receipt: InspectedReceipt, now: Date): Row[] {
  const { type, appId, environment, clientHash, token, creationTime, notBefore, expirationTime, riskMetric } = receipt;
  return [
    row('App ID', appId),
    row('client hash', clientHash && Buffer.from(clientHash).toString('hex')),
    row('token', token),
    row('type', type),
    row('environment', environment),
    row('created', creationTime && dateText(creationTime, now)),
    row('risk metric', riskMetric?.toString()),
    row('not before', notBefore && dateText(notBefore, now)),
    row('expires', expirationTime && dateText(expirationTime, now)),
    row('public key', receipt.publicKey && spkiOf(receipt.publicKey)),
  ].filter((found) => found !== undefined);
}

function row(name: string, text: string | undefined): Row | undefined {
  return text === undefined ? undefined : { cells: [name], text };
}

/** The contents of a PEM block in one line. */
function spkiOf(pem: string): string {
  return encodeBase64(Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64'));
}
