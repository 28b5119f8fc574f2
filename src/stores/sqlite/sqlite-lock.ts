/** The result code SQLITE_BUSY. Extended codes such as SQLITE_BUSY_SNAPSHOT have the same low byte. */
const BUSY = 5;

/**
 * Whether an error reports that another connection holds the lock of the database. `node:sqlite` reports the number of the result
 * code in `errcode`, and the other clients report its name in `code`.
 */
export function isLocked(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const [code, number]: unknown[] = [Reflect.get(error, 'code'), Reflect.get(error, 'errcode')];
  return (typeof code === 'string' && code.startsWith('SQLITE_BUSY')) || (Number(number) & 0xff) === BUSY;
}
