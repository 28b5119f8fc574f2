/**
 * The names of Apple's object identifiers in App Attest certificates. The names of undocumented object identifiers describe what
 * recordings contain.
 */
export const OBJECT_IDENTIFIER_NAMES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113635.100.4.24', 'App Attest (extended key usage)'],
  ['1.2.840.113635.100.5.1', 'Apple certificate policy'],
  ['1.2.840.113635.100.6.2.3', 'Apple Application Integration CA'],
  ['1.2.840.113635.100.8.2', 'Nonce'],
  ['1.2.840.113635.100.8.5', 'Key usage properties'],
  ['1.2.840.113635.100.8.6', 'Access control list of the key'],
  ['1.2.840.113635.100.8.7', 'Operating system'],
  ['1.2.840.113635.100.12.15', 'App Attest receipt signing'],
]);
