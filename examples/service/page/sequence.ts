import { type Entry, PLACE_NAMES, type Place, type SceneEnd, type Step, shortened } from '../step.js';
import { element } from './element.js';

/** The columns, from left to right. */
const COLUMNS: Readonly<Record<Place, number>> = { app: 0, attacker: 0, device: 1, apple: 1, service: 2, store: 3 };

/** Draws the entries below each other. The latest scene is the first, and only its steps are open. */
export class Sequence {
  readonly #root: HTMLElement;
  #scene: HTMLDetailsElement | undefined;
  #steps = element('ol');

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  draw(entry: Entry): void {
    if (entry.kind === 'start') {
      if (this.#scene) this.#scene.open = false;
      this.#steps = element('ol');
      this.#scene = element('details', `scene ${entry.by}`, element('summary', '', entry.title), this.#steps);
      this.#scene.open = true;
      this.#root.prepend(this.#scene);
    } else if (entry.kind === 'end') {
      this.#scene?.append(verdictOf(entry));
    } else {
      this.#steps.append(rowOf(entry));
    }
  }
}

/** The route stands in each row too: it is visible on a phone, and screen readers read it. */
function rowOf({ from, to, what, facts, outcome }: Step): HTMLLIElement {
  const [start, end] = [COLUMNS[from], COLUMNS[to]];
  const route = from === to ? PLACE_NAMES[from] : `${PLACE_NAMES[from]} → ${PLACE_NAMES[to]}`;
  const arrow = element(
    'div',
    `message ${directionOf(start, end, from === to)} ${outcome ?? ''} ${from === 'attacker' || to === 'attacker' ? 'hostile' : ''}`,
    element('span', 'route', `${route}: `),
    element('strong', 'what', what),
  );
  const listed = Object.entries(facts).map(([name, value]) =>
    element('li', 'fact', element('span', 'minor', `${name} `), value),
  );
  if (listed.length > 0) arrow.append(element('ul', 'facts', ...listed));
  arrow.setAttribute('data-left', String(Math.min(start, end)));
  arrow.setAttribute('data-right', String(Math.max(start, end)));
  return element('li', 'step', arrow);
}

/** A message between the device and Apple stays in their column, so its route is always visible. */
function directionOf(start: number, end: number, isCheck: boolean): string {
  if (start === end) return isCheck ? 'here' : 'here within';
  return start < end ? 'to-right' : 'to-left';
}

function verdictOf({ status, body, isExpected, why }: SceneEnd): HTMLElement {
  return element(
    'div',
    `verdict ${isExpected ? 'expected' : 'unexpected'}`,
    element('p', 'response', element('strong', '', summaryOf(status, body))),
    element('p', '', isExpected ? why : 'This response is not as expected.'),
  );
}

/** The status, and the code of a rejection or the content of another response. */
export function summaryOf(status: number, body: unknown): string {
  const code: unknown = Object(body).error;
  if (typeof code === 'string') return `Rejected: ${status} ${code}`;
  return `Accepted: ${status} ${shortened(JSON.stringify(body))}`;
}
