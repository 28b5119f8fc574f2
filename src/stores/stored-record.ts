/**
 * A record from a database. Each method reads a field by its name and type. If a required field is missing, or if a field has
 * the wrong type, the method throws an error. A server therefore never accepts a request because of invalid data.
 *
 * Numbers and dates may be text, because some database clients return 64-bit integers as text.
 */
export class StoredRecord {
  readonly #record: object;

  constructor(record: unknown) {
    if (typeof record !== 'object' || record === null) throw new Error('the store returned no record');
    this.#record = record;
  }

  text(name: string): string {
    return this.#required(name, this.optionalText(name));
  }

  optionalText(name: string): string | undefined {
    const value = this.#optional(name);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrong(name);
  }

  /** A text that must be one of `words`. */
  word<const Word extends string>(name: string, words: readonly Word[]): Word {
    return this.#required(name, this.optionalWord(name, words));
  }

  optionalWord<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.optionalText(name);
    const word = words.find((candidate) => candidate === text);
    if (text !== undefined && word === undefined) throw this.#wrong(name);
    return word;
  }

  integer(name: string): number {
    return this.#required(name, this.optionalInteger(name));
  }

  optionalInteger(name: string): number | undefined {
    const value = this.#optional(name);
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
    if (typeof number === 'bigint') return Number(number);
    throw this.#wrong(name);
  }

  /** A date, stored as milliseconds since 1970. */
  date(name: string): Date {
    return this.#required(name, this.optionalDate(name));
  }

  optionalDate(name: string): Date | undefined {
    const time = this.optionalInteger(name);
    if (time === undefined) return undefined;
    const date = new Date(time);
    if (Number.isNaN(date.getTime())) throw this.#wrong(name);
    return date;
  }

  /** Bytes, stored as base64 with or without line breaks. */
  bytes(name: string): Uint8Array {
    return new Uint8Array(Buffer.from(this.text(name), 'base64'));
  }

  /** An object, stored as JSON text. */
  json(name: string): StoredRecord {
    return this.#required(name, this.optionalJson(name));
  }

  optionalJson(name: string): StoredRecord | undefined {
    const text = this.optionalText(name);
    return text === undefined ? undefined : new StoredRecord(JSON.parse(text));
  }

  #optional(name: string): unknown {
    return Reflect.get(this.#record, name) ?? undefined;
  }

  #required<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw new Error(`the store returned a record without ${name}`);
    return value;
  }

  #wrong(name: string): Error {
    return new Error(`the store returned a record with an invalid ${name}`);
  }
}
