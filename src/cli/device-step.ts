import { type BackendResponse, NoResponseError } from './backend-connection.js';
import { NoChallengeError } from './virtual-app.js';

/** A request to the backend, with the expected response. */
export interface PlannedStep {
  readonly title: string;
  readonly route: 'registration' | 'protected';
  readonly expected: 'accepted' | 'rejected';
  /** The status and the code with which the handlers of this package respond. */
  readonly response: string;
  /** What to change if the backend responds differently. The text can depend on the actual response. */
  readonly advice: string | ((actual: ActualResponse) => string);
}

/** The response, or the reason why there is none. */
export type ActualResponse = BackendResponse | { readonly noResponse: string };

/** A request to the backend, with the expected response and the actual response. */
export interface DeviceStep extends PlannedStep {
  readonly advice: string;
  readonly actual: ActualResponse;
  readonly isAsExpected: boolean;
}

/** Sends a request, and compares the response with the expected one. */
export async function takeStep(step: PlannedStep, send: () => Promise<BackendResponse>): Promise<DeviceStep> {
  const ended = (actual: ActualResponse, isAsExpected: boolean): DeviceStep => {
    const { advice } = step;
    return { ...step, advice: typeof advice === 'string' ? advice : advice(actual), actual, isAsExpected };
  };
  try {
    const actual = await send();
    return ended(actual, step.expected === decisionOf(actual));
  } catch (error) {
    if (error instanceof NoResponseError) return ended({ noResponse: error.message }, false);
    if (error instanceof NoChallengeError) return ended(error.response, false);
    throw error;
  }
}

/** Whether the backend accepted a request. */
export function isAccepted({ actual }: Pick<DeviceStep, 'actual'>): boolean {
  return 'status' in actual && decisionOf(actual) === 'accepted';
}

/** The statuses with which the handlers of this package reject evidence. */
const REJECTIONS: ReadonlySet<number> = new Set([400, 401, 403, 409]);

/** Other statuses, such as 404 and 500, mean that the backend neither accepted nor rejected the evidence. */
function decisionOf({ status }: BackendResponse): 'accepted' | 'rejected' | 'undecided' {
  if (status >= 200 && status <= 299) return 'accepted';
  return REJECTIONS.has(status) ? 'rejected' : 'undecided';
}
