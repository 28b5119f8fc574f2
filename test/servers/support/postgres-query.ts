import pg from 'pg';

/** Runs a statement on a new connection. Returns its rows. */
export async function queryPostgres(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  // The server may be killed while it responds.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
