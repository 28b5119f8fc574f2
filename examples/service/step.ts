/** Who takes part. The browser page draws the device and Apple in one column, and the attacker in the column of the app. */
export type Place = 'app' | 'attacker' | 'device' | 'apple' | 'service' | 'store';

export const PLACE_NAMES: Readonly<Record<Place, string>> = {
  app: 'App',
  attacker: 'Attacker',
  device: 'Device',
  apple: 'Apple',
  service: 'Service',
  store: 'Store',
};

/** A message from one place to another. If both are the same place, it is a check at this place. */
export interface Step {
  readonly kind: 'step';
  readonly from: Place;
  readonly to: Place;
  /** The name of the call, the request line, or the result. */
  readonly what: string;
  /** What is sent or checked. Long values are shortened. */
  readonly facts: Readonly<Record<string, string>>;
  readonly outcome?: 'accepted' | 'rejected';
}

/** The beginning of a scene. The steps up to its end belong to it. */
export interface SceneStart {
  readonly kind: 'start';
  readonly scene: string;
  readonly by: 'app' | 'attacker' | 'operator';
  readonly title: string;
}

/** The response that ends a scene. */
export interface SceneEnd {
  readonly kind: 'end';
  readonly scene: string;
  readonly title: string;
  readonly status: number;
  readonly body: unknown;
  /** Whether the response is as expected. The response to an attack is expected to be a rejection. */
  readonly isExpected: boolean;
  /** Why the service responds in this way. */
  readonly why: string;
}

/** What the terminal and the browser page show. */
export type Entry = Step | SceneStart | SceneEnd;

/** Keys, challenges, digests and tokens are longer than this. */
const LONG = /[\w+/=-]{32,}(\.[\w-]+)*/g;

/** Shortens the keys, challenges, digests and tokens in a text to their first characters. */
export function shortened(text: string): string {
  return text.replace(LONG, (long) => `${long.slice(0, 8)}…`);
}
