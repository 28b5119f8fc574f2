/** `true` if two types are identical. `false` if they differ, even if one type is assignable to the other. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** A call such as `isExactly<string>()(value, true)` compiles only if the type of `value` is exactly `string`. */
export function isExactly<Expected>(): <Actual>(value: Actual, same: Same<Actual, Expected>) => void {
  return () => undefined;
}
