/**
 * Keeps the key identifier between two starts of the app. The identifier is not secret. `localStorage`, Capacitor Preferences,
 * AsyncStorage and wrappers of the Keychain fit. Use one storage for each user of the app and for each server.
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
  /** Returns the stored text, or `null` if there is none. The name consists of letters, dots and hyphens. */
  get(name: string): Promise<string | null>;
  /** Stores a text. */
  set(name: string, value: string): Promise<void>;
  /** Deletes a text. */
  remove(name: string): Promise<void>;
}
