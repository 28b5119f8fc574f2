/** A decoded BER element. A changed copy can be encoded again: `writeElement` computes all lengths. */
export interface Element {
  readonly tag: number;
  readonly isIndefinite: boolean;
  /** Bytes, or parts. Parts are the children of a constructed element, or the element inside an OCTET STRING. */
  readonly contents: Uint8Array | readonly Part[];
}

/** An element, or bytes that replace an element. */
export type Part = Element | Uint8Array;

/** The path from the root to an element: the index of the child at each level. */
export type Path = readonly number[];

const CONSTRUCTED = 0x20;
const OCTET_STRING = 0x04;
/** The tags with which an element inside an OCTET STRING may begin. Other contents are treated as bytes. */
const HELD: ReadonlySet<number> = new Set([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x16, 0x30, 0x31]);

/** Decodes well-formed BER. If an OCTET STRING contains exactly one element, this element is decoded, too. */
export function readElement(bytes: Uint8Array): Element {
  const { element, end } = elementAt(bytes, 0);
  if (end !== bytes.length) throw new Error('the bytes are not exactly one BER element');
  return element;
}

function elementAt(bytes: Uint8Array, start: number): { element: Element; end: number } {
  const tag = bytes[start] ?? 0;
  if ((tag & 0x1f) === 0x1f) throw new Error('tag numbers above 30 are not supported');
  const isConstructed = (tag & CONSTRUCTED) !== 0;
  let offset = start + 2;
  let length = bytes[start + 1] ?? 0;
  if (length === 0x80 && isConstructed) {
    const children: Element[] = [];
    while (bytes[offset] !== 0 || bytes[offset + 1] !== 0) {
      const child = elementAt(bytes, offset);
      children.push(child.element);
      offset = child.end;
    }
    return { element: { tag, isIndefinite: true, contents: children }, end: offset + 2 };
  }
  if (length >= 0x80) {
    const width = length - 0x80;
    length = Buffer.from(bytes).readUIntBE(offset, width);
    offset += width;
  }
  const end = offset + length;
  if (end > bytes.length) throw new Error('the element is longer than the bytes that contain it');
  const contents = bytes.subarray(offset, end);
  const element = (held: Element['contents']): Element => ({ tag, isIndefinite: false, contents: held });
  if (isConstructed) {
    const children: Element[] = [];
    while (offset < end) {
      const child = elementAt(bytes, offset);
      children.push(child.element);
      offset = child.end;
    }
    return { element: element(children), end };
  }
  return { element: element(tag === OCTET_STRING ? (heldIn(contents) ?? contents) : contents), end };
}

function heldIn(contents: Uint8Array): readonly Part[] | undefined {
  if (!HELD.has(contents[0] ?? 0)) return undefined;
  try {
    return [readElement(contents)];
  } catch {
    return undefined;
  }
}

/** Encodes a part. */
export function writeElement(element: Part): Uint8Array {
  const pieces: Uint8Array[] = [];
  writeTo(pieces, element);
  return concatenated(pieces);
}

/** Returns the number of bytes written. */
function writeTo(pieces: Uint8Array[], element: Part): number {
  if (element instanceof Uint8Array) {
    pieces.push(element);
    return element.length;
  }
  const { tag, isIndefinite, contents } = element;
  const head = pieces.push(NOTHING) - 1;
  let length = 0;
  if (contents instanceof Uint8Array) length = writeTo(pieces, contents);
  else for (const child of contents) length += writeTo(pieces, child);
  const octets = Uint8Array.of(tag, ...(isIndefinite ? [0x80] : lengthOctets(length)));
  pieces[head] = octets;
  if (isIndefinite) pieces.push(END_OF_CONTENTS);
  return octets.length + length + (isIndefinite ? 2 : 0);
}

const NOTHING = new Uint8Array();
const END_OF_CONTENTS = new Uint8Array(2);

export function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  if (length < 0x1_0000) return [0x82, length >> 8, length & 0xff];
  return [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
}

/** Joins the pieces in a new `Uint8Array` that is not part of Node's buffer pool. */
export function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** The paths to all elements, the root first. */
export function pathsIn(part: Part, path: Path = []): Path[] {
  if (part instanceof Uint8Array) return [];
  if (part.contents instanceof Uint8Array) return [path];
  return [path, ...part.contents.flatMap((child, index) => pathsIn(child, [...path, index]))];
}

/** The part at a path. */
export function partAt(root: Part, path: Path): Part {
  return path.reduce((part, index) => {
    const child = part instanceof Uint8Array || part.contents instanceof Uint8Array ? undefined : part.contents[index];
    if (!child) throw new Error('the path leads to no element');
    return child;
  }, root);
}

/** A copy of the tree in which `part` replaces the element at the path. */
export function replacedAt(root: Part, [index, ...rest]: Path, part: Part): Part {
  if (index === undefined) return part;
  if (root instanceof Uint8Array || root.contents instanceof Uint8Array)
    throw new Error('the path leads to no element');
  const contents = root.contents.map((child, at) => (at === index ? replacedAt(child, rest, part) : child));
  return { ...root, contents };
}
