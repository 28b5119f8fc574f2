import type { EvidenceKind } from '../explain/evidence-kind.js';
import type { Check } from '../explain/explanation.js';
import { OutcomeMark } from './outcome-mark.jsx';

/** The steps on Apple's page "Validating apps that connect to your server". */
const STEPS: Readonly<Record<EvidenceKind, readonly string[]>> = {
  attestation: [
    "The certificate chain ends in Apple's root certificate, and all certificates are valid on the date.",
    'The client data hash comes from the challenge.',
    'The nonce is the SHA-256 of authenticator data and client data hash.',
    'The nonce equals the nonce in the credential certificate.',
    'The SHA-256 of the public key equals the key identifier.',
    'The SHA-256 of the App ID equals the RP ID hash.',
    'The counter is 0.',
    'The AAGUID belongs to the environment.',
    'The credential ID equals the key identifier.',
  ],
  assertion: [
    'The client data hash comes from the payload.',
    'The nonce is the SHA-256 of authenticator data and client data hash.',
    'The signature of the nonce is valid for the public key.',
    'The SHA-256 of the App ID equals the RP ID hash.',
    'The counter is greater than the last counter.',
    'The payload contains the challenge that the server issued. This page does not check this step.',
  ],
  receipt: [],
};

/** Steps that only compute a value, each with the later step that checks the value. */
const COMPUTED_FOR: Readonly<Record<EvidenceKind, Readonly<Record<number, number>>>> = {
  attestation: { 2: 4, 3: 4 },
  assertion: { 1: 3, 2: 3 },
  receipt: {},
};

interface StepsViewProps {
  readonly kind: EvidenceKind;
  readonly checks: readonly Check[];
}

/** The steps of Apple's page, each with a mark for its outcome, and the other checks. */
export function StepsView({ kind, checks }: StepsViewProps) {
  const others = checks.filter(({ step }) => step === undefined);
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">{kind === 'receipt' ? 'Checks' : 'Steps'}</h2>
      {STEPS[kind].length > 0 && (
        <ol class="steps">
          {STEPS[kind].map((sentence, index) => (
            <Step key={sentence} sentence={sentence} {...stepOf(kind, index + 1, checks)} />
          ))}
        </ol>
      )}
      {kind !== 'receipt' && <h3>Further checks</h3>}
      <ul class="checks">
        {others.map((check) => (
          <li key={check.name}>
            <OutcomeMark outcome={check.outcome} />
            <span>{check.name}</span>
            <Comparison check={check} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface StepProps {
  readonly sentence: string;
  readonly outcome: Check['outcome'];
  readonly checks: readonly Check[];
}

function Step({ sentence, outcome, checks }: StepProps) {
  return (
    <li>
      <OutcomeMark outcome={outcome} />
      <span>{sentence}</span>
      {checks.map((check) => (
        <Comparison key={check.name} check={check} />
      ))}
    </li>
  );
}

function Comparison({ check: { outcome, code, expected, actual } }: { readonly check: Check }) {
  if (outcome !== 'failed') return actual === undefined ? null : <code class="actual">{actual}</code>;
  return (
    <dl class="comparison">
      {code !== undefined && <Row name="code" text={code} />}
      {expected !== undefined && <Row name="expected" text={expected} />}
      {actual !== undefined && <Row name="actual" text={actual} />}
    </dl>
  );
}

function Row({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{text}</code>
      </dd>
    </div>
  );
}

function stepOf(kind: EvidenceKind, step: number, checks: readonly Check[]): Omit<StepProps, 'sentence'> {
  const computedFor = COMPUTED_FOR[kind][step];
  if (computedFor !== undefined) {
    const later = checks.filter((check) => check.step === computedFor);
    const isComputed = later.some(
      ({ name, outcome }) => (name === 'nonce' || name === 'signature') && outcome !== 'skipped',
    );
    return { outcome: isComputed ? 'passed' : 'skipped', checks: [] };
  }
  const own = checks.filter((check) => check.step === step);
  if (own.some(({ outcome }) => outcome === 'failed')) return { outcome: 'failed', checks: own };
  const isPassed = own.length > 0 && own.every(({ outcome }) => outcome === 'passed');
  return { outcome: isPassed ? 'passed' : 'skipped', checks: own };
}
