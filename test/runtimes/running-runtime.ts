/** What this code runs on, as the runtime itself says: Bun and Deno name a version of Node as well as their own. */
export function runningRuntime(): string {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return `bun ${bun}`;
  if (deno !== undefined) return `deno ${deno}`;
  return `node ${node}`;
}
