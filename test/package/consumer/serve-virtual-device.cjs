exports.serveVirtualDevice = async (modules) => {
  const { redisStores, postgresStores, migrations, sqliteStores } = modules;
  const { AppAttestError, createAppAttest, memoryStores, storeConformance, createVirtualApple } = modules;
  const appId = 'TEAMID1234.com.example.app';
  const apple = await createVirtualApple();
  const { capacitor } = await apple.createDevice({ appId });
  const stores = memoryStores();
  const backend = createAppAttest({ appId, trustAnchors: apple.trustAnchors, ...stores });

  const { keyId } = await capacitor.prepare();
  const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
  await backend.register(await capacitor.createAttestation({ keyId, challenge }));

  const { challenge: payload } = await backend.issueChallenge({ purpose: 'assertion' });
  const body = await capacitor.createAssertion({ keyId, payload });
  const { key } = await backend.authenticate(body);
  const error = await backend.authenticate(body).catch((reason) => reason);

  const failed = [];
  for (const { name, run } of storeConformance(() => stores)) await run().catch(() => failed.push(name));
  const isAppAttestError = error instanceof AppAttestError;

  const answer = async () => 1;
  const revoked = await redisStores({ evalSha: answer, eval: answer }).keys.revoke(keyId);
  const advanced = await postgresStores({ query: async () => ({ rows: [{}] }) }).keys.advance(keyId, 1, 0);
  const removed = await sqliteStores({ rows: async () => [{}] }).keys.remove(keyId);
  const wrong = [redisStores, postgresStores, sqliteStores].map((open) => codeOf(() => open({}), AppAttestError));
  console.log(
    JSON.stringify({
      counter: key.counter,
      replay: error.code,
      isAppAttestError,
      conformance: failed,
      databases: { revoked, advanced, removed, wrong, migrations: migrations.length },
    }),
  );
};

function codeOf(attempt, AppAttestError) {
  try {
    return attempt();
  } catch (error) {
    return error instanceof AppAttestError ? error.code : error;
  }
}
