import { APPLE_APP_ATTESTATION_ROOT_CA, APPLE_ROOT_CA_G3 } from '../certificates/apple-roots.js';
import { decodePem } from '../encoding/pem.js';
import { type InspectedCertificate, inspectCertificate } from '../explain/inspect-certificate.js';
import { Inspection } from '../explain/inspection.js';
import type { Explained } from './explained.js';

const WIDTH = 760;
const LEFT = 16;
const RIGHT = WIDTH - 16;
const ROW = 58;
const TOP = 46;
/** The maximum length of a name above a bar, in characters. */
const MAX_NAME = 72;

/** The certificates as bars on a time line, from the root to the leaf. */
export function ChainView({ explained }: { readonly explained: Explained }) {
  const certificates = chainOf(explained);
  if (certificates.length === 0) return null;
  const date = explained.date.getTime();
  const times = certificates.flatMap(({ notBefore, notAfter }) => [notBefore.getTime(), notAfter.getTime()]);
  // The dates are evenly spaced. On a true scale, the three days of a leaf would not be visible beside the 25 years of a root.
  const columns = [...new Set([...times, date])].toSorted((a, b) => a - b);
  const step = (RIGHT - LEFT) / Math.max(columns.length - 1, 1);
  const xOf = (time: number): number => LEFT + columns.indexOf(time) * step;
  const bottom = TOP + certificates.length * ROW;
  const text = certificates.map(describe).join('; ');
  return (
    <section aria-labelledby="chain">
      <h2 id="chain">Certificate chain</h2>
      <p>The time line shows the dates in order, but not to scale. The dashed line is the date of the check.</p>
      <div class="chain" role="group" aria-label="Time line" tabIndex={0}>
        <svg
          viewBox={`0 0 ${WIDTH} ${bottom + 24}`}
          role="img"
          aria-label={`Certificates from the root to the leaf: ${text}`}
        >
          {columns.map((time, index) => (
            <g key={time}>
              <line class={time === date ? 'now' : 'tick'} x1={xOf(time)} x2={xOf(time)} y1={TOP - 10} y2={bottom} />
              <text
                class={time === date ? 'date now' : 'date'}
                x={xOf(time)}
                y={index % 2 === 0 ? 14 : 30}
                text-anchor={anchorAt(index, columns.length)}
              >
                {dayOf(time)}
              </text>
            </g>
          ))}
          {certificates.map((certificate, index) => {
            const y = TOP + index * ROW;
            const x = xOf(certificate.notBefore.getTime());
            const isValid = certificate.notBefore.getTime() <= date && date <= certificate.notAfter.getTime();
            return (
              <g key={certificate.fingerprint}>
                {index > 0 && <path class="link" d={`M ${x + 8} ${y - ROW + 38} V ${y + 22}`} />}
                <text class="subject" x={Math.min(x, WIDTH / 2)} y={y + 14}>
                  {shortNameOf(certificate)}
                </text>
                <rect
                  class={isValid ? 'valid' : 'invalid'}
                  x={x}
                  y={y + 22}
                  width={Math.max(xOf(certificate.notAfter.getTime()) - x, 4)}
                  height={16}
                  rx={4}
                />
              </g>
            );
          })}
          <text
            class="date now"
            x={xOf(date)}
            y={bottom + 16}
            text-anchor={anchorAt(columns.indexOf(date), columns.length)}
          >
            date of the check
          </text>
        </svg>
      </div>
      <ul class="certificates">
        {certificates.map((certificate) => (
          <li key={certificate.fingerprint}>
            <strong>{nameOf(certificate)}</strong>
            <br />
            {secondOf(certificate.notBefore)} to {secondOf(certificate.notAfter)}
            <br />
            <span class="minor">SHA-256 {certificate.fingerprint}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Returns Apple's root certificate, which is part of this package, followed by the certificates of the evidence. */
function chainOf({ kind, explanation }: Explained): readonly InspectedCertificate[] {
  const { inspection } = explanation;
  if (kind === 'assertion' || !('certificates' in inspection) || inspection.certificates.length === 0) return [];
  const [leaf, ...others] = inspection.certificates;
  const root = rootOf(kind === 'receipt' ? APPLE_ROOT_CA_G3 : APPLE_APP_ATTESTATION_ROOT_CA);
  const between = others.filter(({ fingerprint }) => fingerprint !== root?.fingerprint).slice(0, 4);
  return [...(root ? [root] : []), ...between.toReversed(), ...(leaf ? [leaf] : [])];
}

function rootOf(root: string | Uint8Array): InspectedCertificate | undefined {
  const der = typeof root === 'string' ? decodePem('CERTIFICATE', root) : root;
  return der && inspectCertificate(der, 'root', new Inspection());
}

/** Returns the common name, or the whole subject if there is no common name. */
function nameOf({ subject }: InspectedCertificate): string {
  const name = /(?:^|, )CN=((?:\\.|[^,\\])*)/.exec(subject)?.[1] ?? subject;
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

/**
 * The common name for the time line. The name of a credential certificate is a digest. The list below the time line
 * shows the whole digest.
 */
function shortNameOf(certificate: InspectedCertificate): string {
  const name = nameOf(certificate);
  return /^[0-9a-f]{64}$/i.test(name) ? `${name.slice(0, 12)}…` : name;
}

function describe(certificate: InspectedCertificate): string {
  return `${nameOf(certificate)}, ${secondOf(certificate.notBefore)} to ${secondOf(certificate.notAfter)}`;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function secondOf(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}

function anchorAt(index: number, count: number): 'start' | 'middle' | 'end' {
  if (index === 0) return 'start';
  return index === count - 1 ? 'end' : 'middle';
}
