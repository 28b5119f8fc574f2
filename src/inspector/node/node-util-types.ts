/** Replaces `node:util/types` in the inspector page. Like Node.js, these functions do not trust prototypes. */

const TypedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype);

function isByteArray(value: unknown): boolean {
  if (!ArrayBuffer.isView(value)) return false;
  return Object.getOwnPropertyDescriptor(TypedArrayPrototype, Symbol.toStringTag)?.get?.call(value) === 'Uint8Array';
}

function isDateObject(value: unknown): boolean {
  try {
    Reflect.apply(Date.prototype.getTime, value, []);
    return true;
  } catch {
    return false;
  }
}

export { isByteArray as isUint8Array, isDateObject as isDate };
