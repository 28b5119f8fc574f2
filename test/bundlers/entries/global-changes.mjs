// Imports the module that the command line names. Prints the global properties that this import changed.

/**
 * Returns the value or the getter of each property by its path. Includes the properties of the global object and of all objects
 * that can be reached from it, but not those of `process`. Also includes the number of listeners of each event of `process`.
 */
function globalProperties() {
  const listeners = process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
  const properties = new Map([['listeners of process', listeners.join()]]);
  const seen = new Set();
  const walk = (object, path) => {
    if (seen.has(object)) return;
    seen.add(object);
    for (const key of Reflect.ownKeys(object)) {
      const { value, get } = Reflect.getOwnPropertyDescriptor(object, key);
      const name = [...path, String(key)].join('.');
      properties.set(name, value ?? get);
      const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
      if (isObject && value !== process) walk(value, [...path, String(key)]);
    }
  };
  walk(globalThis, []);
  return properties;
}

// Node replaces some of its globals when they are accessed for the first time.
for (const name of Reflect.ownKeys(globalThis)) void Reflect.get(globalThis, name);

const before = globalProperties();
const module = await import(process.argv[2]);
if (Object.keys(module).length === 0) throw new Error('the imported module has no exports');
const after = globalProperties();

const changed = [...new Set([...before.keys(), ...after.keys()])].filter((name) => {
  return !Object.is(before.get(name), after.get(name));
});
// If an object was replaced, only the object is listed, without its properties.
const first = changed.filter((name) => !changed.some((other) => name.startsWith(`${other}.`)));
console.log(JSON.stringify(first));
