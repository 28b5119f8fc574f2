import { shortText } from '../errors.js';
import { type PastedEvidence, readPastedEvidence } from '../explain/evidence-text.js';
import { readCapsule } from '../explain/read-capsule.js';
import { receivedEvidence } from '../explain/received-evidence.js';
import { readInput } from './command-input.js';
import type { CommandProcess } from './command-process.js';
import { UsageError } from './usage-error.js';

/** Evidence in an argument of a command. */
export interface EvidenceArgument extends PastedEvidence {
  /**
   * The evidence as the backend received it. Text that people add when they copy evidence, such as quotes or line
   * breaks, is removed. A wrong encoding of the evidence is kept, so that it can be explained.
   */
  readonly received: string | Uint8Array;
  /** Whether the input is a capsule. */
  readonly isCapsule: boolean;
}

/**
 * A shorter text is probably the name of a file that does not exist. The shortest evidence, an assertion, has 130
 * bytes.
 */
const MIN_LENGTH = 100;

/**
 * Reads evidence from a file, from standard input or from the argument itself.
 *
 * @throws UsageError if the argument is neither a file nor evidence
 */
export async function readEvidenceArgument(
  argument: string | undefined,
  host: Pick<CommandProcess, 'stdin'>,
): Promise<EvidenceArgument> {
  const input = await readInput(argument, host, 'EVIDENCE');
  const pasted = readPastedEvidence(input);
  if (typeof input === 'string' && !pasted.kind && input.length < MIN_LENGTH) {
    throw new UsageError(`${shortText(input)} is neither a file nor evidence`);
  }
  const isCapsule = readCapsule(Buffer.from(input).toString().trim()) !== undefined;
  return { ...pasted, received: receivedEvidence(input, pasted), isCapsule };
}
