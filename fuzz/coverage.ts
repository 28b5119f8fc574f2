import { type Profiler, Session } from 'node:inspector';

/**
 * The scripts whose coverage guides the fuzzer. These are the decoding libraries, and the chunks that contain
 * the targets and their imports. The code of the fuzzer itself is excluded.
 */
const FOLLOWED = /\/fuzz\/build\/chunk-|\/node_modules\/(cbor-x|asn1js|pkijs|@peculiar)\//;

/** Records which characters of the code in each script have run. The data comes from the block coverage of V8. */
export class Coverage {
  readonly #session = new Session();
  /** The characters that have run, by the URL of the script: 1 for each character that has run. */
  readonly #covered = new Map<string, Uint8Array>();
  #size = 0;

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /**
   * Returns whether new code has run since the last call of `hasNew` or `add`. Code is new if `add` has not recorded it yet.
   */
  hasNew(): boolean {
    return this.#take().some(({ url, ran }) => {
      const covered = this.#covered.get(url);
      return ran.some((bit, index) => bit === 1 && covered?.[index] !== 1);
    });
  }

  /** Records the code that has run since the last call of `hasNew` or `add`. Returns whether new code has run. */
  add(): boolean {
    const before = this.#size;
    for (const { url, ran } of this.#take()) {
      const covered = this.#covered.get(url) ?? new Uint8Array();
      const both = new Uint8Array(Math.max(covered.length, ran.length));
      both.set(covered);
      ran.forEach((bit, index) => {
        if (bit !== 1 || both[index] === 1) return;
        both[index] = 1;
        this.#size += 1;
      });
      this.#covered.set(url, both);
    }
    return this.#size > before;
  }

  /** The number of recorded characters. */
  size(): number {
    return this.#size;
  }

  #take(): readonly { url: string; ran: Uint8Array }[] {
    const taken = this.#post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    return taken.result
      .filter(({ url }) => FOLLOWED.test(url))
      .map((script) => ({ url: script.url, ran: charactersRun(script) }));
  }

  /** Calls the inspector. The inspector calls the callback synchronously, so the result is available when `post` returns. */
  #post(method: string, params: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, params, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  }
}

/** V8 lists outer ranges before inner ranges. So the count of an inner range overwrites the count of the outer range. */
function charactersRun({ functions }: Profiler.ScriptCoverage): Uint8Array {
  const end = functions.reduce((last, { ranges }) => Math.max(last, ranges[0]?.endOffset ?? 0), 0);
  const ran = new Uint8Array(end);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  return ran;
}
