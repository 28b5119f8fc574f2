/** The part of `package-lock.json` that this file uses. */
export interface PackageLock {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>;
}

/**
 * The lock files of the projects have no entry for this package, because the entry would contain an address. They have entries
 * for all packages that this package depends on. Returns a lock file that also has the entry.
 *
 * @param address The address of the packed package
 * @param manifest The content of `package.json` of this package
 */
export function lockedTo(address: string, lock: PackageLock, manifest: Readonly<Record<string, unknown>>): PackageLock {
  const root = lock.packages[''];
  const { version, dependencies, peerDependencies, peerDependenciesMeta, bin, engines, license } = manifest;
  return {
    ...lock,
    packages: {
      ...lock.packages,
      '': { ...root, dependencies: { ...root?.dependencies, 'app-attest': address } },
      'node_modules/app-attest': Object.assign(
        { version, resolved: address },
        { dependencies, peerDependencies, peerDependenciesMeta, bin, engines, license },
      ),
    },
  };
}
