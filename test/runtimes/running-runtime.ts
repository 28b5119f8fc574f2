/**
 * The name and version of the current runtime. Bun and Deno also report a version of Node, so their own versions are checked
 * first.
 */
export function runningRuntime(): string {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return `bun ${bun}`;
  if (deno !== undefined) return `deno ${deno}`;
  return `node ${node}`;
}
