import { type BackendResponse, NoResponseError } from './backend-connection.js';
import { NoChallengeError } from './virtual-app.js';

/** A request to the backend, with the expected response. */
export interface PlannedStep {
  readonly title: string;
  readonly expected: 'accepted' | 'rejected';
  /** The status and the code with which the handlers of this package respond. */
  readonly response: string;
  /** What to change if the backend responds differently. */
  readonly advice: string;
}

/** A request to the backend, with its response. */
export interface DeviceStep extends PlannedStep {
  /** The response, or the reason why there is none. */
  readonly actual: BackendResponse | { readonly noResponse: string };
  readonly isAsExpected: boolean;
}

/** Sends a request, and compares the response with the expected one. */
export async function takeStep(step: PlannedStep, send: () => Promise<BackendResponse>): Promise<DeviceStep> {
  try {
    const actual = await send();
    return { ...step, actual, isAsExpected: step.expected === decisionOf(actual) };
  } catch (error) {
    if (error instanceof NoResponseError) {
      return { ...step, actual: { noResponse: error.message }, isAsExpected: false };
    }
    if (error instanceof NoChallengeError) return { ...step, actual: error.response, isAsExpected: false };
    throw error;
  }
}

/** The statuses with which the handlers of this package reject evidence. */
const REJECTIONS: ReadonlySet<number> = new Set([400, 401, 403, 409]);

/** Other statuses, such as 404 and 500, mean that the backend neither accepted nor rejected the evidence. */
function decisionOf({ status }: BackendResponse): 'accepted' | 'rejected' | 'undecided' {
  if (status >= 200 && status <= 299) return 'accepted';
  return REJECTIONS.has(status) ? 'rejected' : 'undecided';
}
