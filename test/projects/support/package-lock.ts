/** The fields of a `package.json` that a lock file repeats. */
export interface PackageManifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly license?: string;
}

/** The part of `package-lock.json` that this file uses. */
export interface PackageLock {
  readonly packages: Readonly<Record<string, PackageManifest & { readonly resolved?: string }>>;
}

/**
 * The lock files of the projects have no entry for this package, because the entry would contain an address. They have entries
 * for all packages that this package depends on. Returns a lock file that also has the entry.
 *
 * @param address The address of the packed package
 * @param manifest The content of `package.json` of this package
 */
export function lockedTo(address: string, lock: PackageLock, manifest: PackageManifest): PackageLock {
  const root = lock.packages[''];
  const { version = '', license = '', bin = {}, engines = {}, dependencies = {} } = manifest;
  const { peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const entry = {
    version,
    resolved: address,
    license,
    bin,
    engines,
    dependencies,
    peerDependencies,
    peerDependenciesMeta,
  };
  return {
    ...lock,
    packages: {
      ...lock.packages,
      '': { ...root, dependencies: { ...root?.dependencies, 'app-attest': address } },
      'node_modules/app-attest': entry,
    },
  };
}
