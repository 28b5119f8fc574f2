/** Whether two types are identical, and not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Fails to compile if the value has another type: `isExactly<string>()(value, true)`. */
export function isExactly<Expected>(): <Actual>(value: Actual, same: Same<Actual, Expected>) => void {
  return () => undefined;
}
