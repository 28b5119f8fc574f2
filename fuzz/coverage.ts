import { type Profiler, Session } from 'node:inspector';

/**
 * The scripts whose coverage leads the fuzzer: the targets with all that they are made of, which the bundler puts into a
 * chunk, and the decoders that we rely on. Not the fuzzer itself.
 */
const FOLLOWED = /\/fuzz\/build\/chunk-|\/node_modules\/(cbor-x|asn1js|pkijs|@peculiar)\//;

/** Which characters of which scripts have ever run, by V8's own block coverage. */
export class Coverage {
  readonly #session = new Session();
  /** By script: which characters have run. */
  readonly #covered = new Map<string, Uint8Array>();
  #size = 0;

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Whether anything ran since the last call, of this or of `add`, that `add` never saw. */
  hasNew(): boolean {
    return this.#take().some(({ url, ran }) => {
      const covered = this.#covered.get(url);
      return ran.some((bit, index) => bit === 1 && covered?.[index] !== 1);
    });
  }

  /** Adds what ran since the last call. Returns whether anything ran for the first time. */
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

  /** How many characters have ever run. */
  size(): number {
    return this.#size;
  }

  #take(): readonly { url: string; ran: Uint8Array }[] {
    const taken = this.#post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    return taken.result
      .filter(({ url }) => FOLLOWED.test(url))
      .map((script) => ({ url: script.url, ran: charactersRun(script) }));
  }

  /** The session answers before it returns. */
  #post(method: string, params: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, params, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  }
}

/** Ranges stand from outer to inner, and each inner one has the last word. */
function charactersRun({ functions }: Profiler.ScriptCoverage): Uint8Array {
  const end = functions.reduce((last, { ranges }) => Math.max(last, ranges[0]?.endOffset ?? 0), 0);
  const ran = new Uint8Array(end);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  return ran;
}
