/** Next.js calls this function when the server starts, but not in `next build`. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { createTables } = await import('./app-attest');
    await createTables();
  }
}
