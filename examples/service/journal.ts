import type { Entry, Place, Step } from './step.js';

type Listener = (entry: Entry, index: number) => void;

/** The entries that are kept for a page that is opened later. */
const MAX_ENTRIES = 5000;

/** Receives each step as it happens, and passes it to the terminal and to the browser page. */
export class Journal {
  readonly #entries: Entry[] = [];
  /** The number of entries that are no longer kept. */
  #dropped = 0;
  readonly #listeners = new Set<Listener>();

  add(entry: Entry): void {
    const index = this.#dropped + this.#entries.push(entry) - 1;
    if (this.#entries.length > MAX_ENTRIES) {
      this.#entries.shift();
      this.#dropped += 1;
    }
    for (const listener of this.#listeners) listener(entry, index);
  }

  step(from: Place, to: Place, what: string, facts: Step['facts'] = {}, outcome?: Step['outcome']): void {
    this.add({ kind: 'step', from, to, what, facts, ...(outcome && { outcome }) });
  }

  /**
   * Calls the listener for all entries, the past ones first.
   *
   * @param first The index of the first entry
   * @returns A function that ends the calls
   */
  listen(listener: Listener, first = 0): () => void {
    for (const [position, entry] of this.#entries.entries()) {
      const index = this.#dropped + position;
      if (index >= first) listener(entry, index);
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
