import { AppAttestError, shortText } from '../errors.js';
import { createAppAttest } from '../server/create-app-attest.js';
import type { RefreshedReceipts } from '../server/refresh-receipts-options.js';
import type { Command } from './command.js';
import type { CommandProcess } from './command-process.js';
import { readCredentialsFile, readText } from './credentials-file.js';
import { errorText, secretsOf } from './error-text.js';
import { ExitCode } from './exit-code.js';
import { Interruption } from './interruption.js';
import { openKeyDatabase } from './key-database.js';
import { readRefreshArguments } from './refresh-arguments.js';
import { HELP } from './refresh-help.js';
import { refreshOutput } from './refresh-output.js';
import { UsageError } from './usage-error.js';

const SCHEMA_HINT = '. Pass the schema of your stores with --schema, or run migrate if there are no tables yet';

/** The command `app-attest receipts refresh`. */
export const refreshCommand: Command = { help: HELP, run: refresh };

async function refresh(args: readonly string[], host: CommandProcess): Promise<number> {
  const { appIds, credentials: path, trustAnchor, schema, prefix, ...limits } = readRefreshArguments(args);
  const credentials = await readCredentialsFile(path);
  const receiptTrustAnchors = trustAnchor === undefined ? undefined : [await readText(trustAnchor)];
  const urls = [host.env.DATABASE_URL, host.env.REDIS_URL];
  const secrets = [credentials.privateKey, ...urls.flatMap(secretsOf)];
  const explain = (error: unknown): string => errorText(error, secrets);

  const output = refreshOutput(host.stdout, explain);
  const interruption = new Interruption(host);
  const { signal } = interruption;
  let counts: RefreshedReceipts = { due: 0, refreshed: 0, notModified: 0, failed: 0 };
  let ofOtherApps = 0;
  try {
    const database = await openKeyDatabase(host.env, { schema, prefix });
    try {
      const appAttest = createAppAttest({
        appId: appIds,
        // The environment of each key decides which of Apple's servers receives the request.
        environment: ['production', 'development'],
        receiptTrustAnchors,
        ...database.stores,
      });
      await appAttest.refreshReceipts({
        ...limits,
        credentials,
        signal,
        onProgress: ({ keyId, outcome, error, ...others }) => {
          counts = others;
          if (error?.code === 'app_id_mismatch') ofOtherApps += 1;
          output.progress({ keyId, outcome, ...(error && { error }), ...others });
        },
      });
    } finally {
      await database.close();
    }
    output.end(counts);
  } catch (error) {
    if (counts.due > 0) output.end(counts);
    if (isUsage(error)) throw new UsageError(explain(error));
    host.stderr.write(`app-attest: ${explain(error)}${isMissingTable(error) ? SCHEMA_HINT : ''}\n`);
    return interruption.exitCode ?? ExitCode.Failed;
  } finally {
    interruption.end();
  }
  if (counts.due > 0 && ofOtherApps === counts.due) {
    const apps = appIds.map((appId) => shortText(appId)).join(' or ');
    throw new UsageError(`no due key belongs to ${apps}. Pass an --app-id for each app whose keys are in the database`);
  }
  return counts.failed === 0 ? ExitCode.Ok : ExitCode.Failed;
}

/** Returns whether PostgreSQL does not find the table (SQLSTATE `undefined_table`). */
function isMissingTable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '42P01';
}

/** Returns whether the cause is a wrong option, or credentials that Apple rejects. */
function isUsage(error: unknown): boolean {
  if (error instanceof UsageError) return true;
  return error instanceof AppAttestError && (error.code === 'invalid_argument' || error.status === 401);
}
