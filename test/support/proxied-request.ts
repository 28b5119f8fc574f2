/**
 * Returns a `Proxy` of a request, as Next.js passes it to route handlers. Node.js 24 cannot read the private fields of a request
 * through a `Proxy`. Node.js 20 uses symbols instead of private fields, so this `Proxy` hides the symbols.
 */
export function proxied<Incoming extends Request>(request: Incoming): Incoming {
  return new Proxy(request, {
    get: (target, name) => {
      if (typeof name === 'symbol') return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
