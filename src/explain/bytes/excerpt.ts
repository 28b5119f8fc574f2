/** Consecutive bytes of evidence. */
export interface ByteRange {
  /** The offset of the first byte in the evidence. */
  readonly start: number;
  /** The offset after the last byte. */
  readonly end: number;
}

/**
 * Bytes of evidence, with their position in the evidence. The chunks of a BER OCTET STRING are joined into one excerpt
 * with several ranges.
 */
export class Excerpt {
  readonly bytes: Uint8Array;
  readonly ranges: readonly ByteRange[];

  private constructor(bytes: Uint8Array, ranges: readonly ByteRange[]) {
    this.bytes = bytes;
    this.ranges = ranges;
  }

  /** All bytes of the evidence. */
  static whole(bytes: Uint8Array): Excerpt {
    return new Excerpt(bytes, rangesBetween(0, bytes.length));
  }

  static join(parts: readonly Excerpt[]): Excerpt {
    const [only] = parts;
    if (only && parts.length === 1) return only;
    return new Excerpt(
      Buffer.concat(parts.map(({ bytes }) => bytes)),
      parts.flatMap(({ ranges }) => ranges),
    );
  }

  get length(): number {
    return this.bytes.length;
  }

  /** `start` and `end` are offsets in this excerpt. */
  slice(start: number, end: number = this.length): Excerpt {
    const ranges: ByteRange[] = [];
    let before = 0;
    for (const range of this.ranges) {
      const from = range.start + Math.max(start - before, 0);
      const to = Math.min(range.start + end - before, range.end);
      if (from < to) ranges.push({ start: from, end: to });
      before += range.end - range.start;
    }
    return new Excerpt(this.bytes.subarray(start, end), ranges);
  }
}

function rangesBetween(start: number, end: number): readonly ByteRange[] {
  return start < end ? [{ start, end }] : [];
}
