import { concatenated, lengthOctets } from './element-tree.js';

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
/** SEQUENCE and SET, which are always constructed. */
const [SEQUENCE, SET] = [16, 17];
/** Every universal type of X.680 §8.6, and the first that is reserved behind them. */
const UNIVERSAL_TYPES: readonly number[] = Array.from({ length: 37 }, (_, index) => index + 1);

/**
 * An element of every universal type, with contents as long as one wants them: octets that numbers, times and text can
 * be made of, and other elements in what is made of those.
 */
export function wrongElements(length: number): readonly (readonly [string, Uint8Array])[] {
  const contents: readonly [string, Uint8Array][] = [['1s', new Uint8Array(length).fill(0x31)]];
  const elements: readonly [string, Uint8Array][] = [
    ['NULLs', Uint8Array.from({ length }, (_, index) => (index % 2 === 0 ? 0x05 : 0x00))],
    ['an OCTET STRING', concatenated([Uint8Array.of(0x04, ...lengthOctets(length)), new Uint8Array(length)])],
  ];
  return UNIVERSAL_TYPES.flatMap((type) => {
    const isConstructed = type === SEQUENCE || type === SET;
    return (isConstructed ? elements : contents).map(([name, octets]) => {
      return [`type ${type} of ${name}`, element(type, isConstructed, octets)] as const;
    });
  });
}

function element(type: number, isConstructed: boolean, contents: Uint8Array): Uint8Array {
  const constructed = isConstructed ? CONSTRUCTED : 0;
  const tag = type < HIGH_TAG_NUMBER ? [type | constructed] : [HIGH_TAG_NUMBER, type];
  return concatenated([Uint8Array.from([...tag, ...lengthOctets(contents.length)]), contents]);
}
