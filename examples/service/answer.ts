/** A response of the service. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Reads a response. All responses of the service are JSON. */
export async function readAnswer(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.json() };
}
