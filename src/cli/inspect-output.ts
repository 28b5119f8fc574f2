import { dateText } from './date-text.js';
import type { InspectedEvidence } from './inspected-evidence.js';
import type { Format, Printer, Row } from './printer.js';
import { receiptRows } from './receipt-rows.js';
import type { ShownCertificate } from './shown-certificate.js';

/** The name of each position in the certificates of an attestation. */
const ATTESTATION_CERTIFICATES = ['credential certificate', 'intermediate certificate'];

/** Prints everything in evidence. */
export function printInspection(printer: Printer, evidence: InspectedEvidence, now: Date): void {
  const { kind, inspection, fields, certificates, receipt, signature, problems } = evidence;
  const entries = 'entries' in inspection ? inspection.entries : [];
  const format = 'format' in inspection ? inspection.format : undefined;
  const rows: Row[] = [];
  if (format !== undefined) rows.push({ cells: ['format'], text: format });
  if (entries.length > 0) rows.push({ cells: ['entries'], text: entries.join(', ') });
  if (signature) rows.push({ cells: ['signature'], text: Buffer.from(signature).toString('hex') });
  printer.table(rows);

  if (fields.length > 0) {
    section(printer, 'authenticator data: offset, bytes, field');
    printer.table(
      fields.map(({ offset, length: bytes, name, text }) => ({
        cells: [String(offset).padStart(3), String(bytes).padStart(3), name],
        text,
      })),
    );
  }
  if (kind === 'attestation') {
    for (const [index, certificate] of certificates.entries()) {
      printCertificate(printer, ATTESTATION_CERTIFICATES[index] ?? 'further certificate', certificate, now);
    }
  }
  if (receipt) {
    section(printer, 'receipt');
    printer.table(receiptRows(receipt.inspection, now));
    for (const certificate of receipt.certificates) printCertificate(printer, 'receipt certificate', certificate, now);
  }
  if (problems.length > 0) {
    section(printer, 'problems');
    for (const problem of problems) printer.paragraph(problem, { indent: 2, hanging: 2, format: 'red' });
  }
}

function section(printer: Printer, title: string): void {
  printer.blankLine();
  printer.heading(title);
}

function printCertificate(printer: Printer, title: string, certificate: ShownCertificate, now: Date): void {
  const { subject, issuer, serialNumber, notBefore, notAfter, publicKey, signature, extensions } = certificate;
  section(printer, `${title}: ${validity(certificate, now)}`);
  printer.table([
    { cells: ['subject'], text: subject },
    { cells: ['issuer'], text: issuer },
    { cells: ['serial number'], text: serialNumber },
    { cells: ['not before'], text: dateText(notBefore, now), format: outside(now < notBefore) },
    { cells: ['not after'], text: dateText(notAfter, now), format: outside(now > notAfter) },
    { cells: ['fingerprint'], text: certificate.fingerprint },
    { cells: ['public key'], text: publicKey },
    { cells: ['signature'], text: signature },
  ]);
  printer.paragraph('extensions', { indent: 2 });
  for (const { oid, name, critical, text } of extensions) {
    const label = name === oid ? oid : `${name} (${oid})`;
    printer.paragraph(`${label}${critical ? ', critical' : ''}: ${text}`, { indent: 4, hanging: 2 });
  }
}

function validity({ notBefore, notAfter }: ShownCertificate, now: Date): string {
  if (now < notBefore) return 'not valid yet';
  return now > notAfter ? 'expired' : 'valid';
}

function outside(isOutside: boolean): Format | undefined {
  return isOutside ? 'yellow' : undefined;
}
