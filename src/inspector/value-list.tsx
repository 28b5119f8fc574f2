/** A name and a value as text, or `undefined` if the evidence does not contain the value. */
export type NamedValue = readonly [name: string, value: string | number | Date | Uint8Array | undefined];

/** Longer values come only from malformed or hostile evidence. */
const MAX_TEXT = 400;

/** Names and values in two columns. */
export function ValueList({ values }: { readonly values: readonly NamedValue[] }) {
  return (
    <dl class="values">
      {values.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{textOf(value)}</code>
            </dd>
          </div>
        ),
      )}
    </dl>
  );
}

function textOf(value: string | number | Date | Uint8Array): string {
  if (value instanceof Date) return value.toISOString();
  const text = value instanceof Uint8Array ? Buffer.from(value.subarray(0, MAX_TEXT)).toString('hex') : String(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
