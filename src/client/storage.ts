/**
 * Keeps the key identifier while the app does not run. The identifier is not secret. You can use `localStorage`, Capacitor
 * Preferences, AsyncStorage or a wrapper of the Keychain. Each user and each server needs a storage of its own.
 * If an app has several tabs, use a storage in which each tab sees the changes of the others at once, such as IndexedDB. Tabs see
 * changes in `localStorage` with a delay.
 *
 * @example
 * ```ts
 * const storage: Storage = {
 *   get: async (name) => localStorage.getItem(name),
 *   set: async (name, value) => localStorage.setItem(name, value),
 *   remove: async (name) => localStorage.removeItem(name),
 * };
 * ```
 */
export interface Storage {
  /** Returns the stored text, or `null` if there is none. The client uses the name `app-attest`. */
  get(name: string): Promise<string | null>;
  /** Stores a text. */
  set(name: string, value: string): Promise<void>;
  /** Deletes a text. */
  remove(name: string): Promise<void>;
}
