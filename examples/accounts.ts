import { AppAttestError } from 'app-attest';
import { type AppAttestLocals, expressHandlers, type Mode, type Verdict } from 'app-attest/express';
import type { AppAttest } from 'app-attest/server';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';

/** Your accounts and their sessions. */
export interface Accounts {
  /** The user who logs in, or `undefined` if the password is wrong. */
  userWith(login: { name: string; password: string }): Promise<string | undefined>;
  startSession(userId: string): Promise<string>;
  /** The user of the session in the request, or `undefined` if the request has no valid session. */
  userOf(request: Request): Promise<string | undefined>;
  endSessions(userId: string): Promise<void>;
  remove(userId: string): Promise<void>;
}

/** The status for each code of `bind`. */
const STATUS = new Map([
  ['key_unknown', 401],
  ['key_revoked', 403],
  ['key_already_registered', 409],
]);

/** Routes for an app that registers its key before its user logs in. Needs Express 5. */
export function accountRoutes(appAttest: AppAttest, accounts: Accounts, mode: Mode): Router {
  const { challenge, registration, protect } = expressHandlers(appAttest, { mode });

  /** Binds the key that signed the request. In report mode, an error of `bind` rejects no request. */
  async function bind(verdict: Verdict, userId: string): Promise<void> {
    if (!verdict.attested || verdict.key.subject === userId) return; // not attested, or already bound
    await appAttest.bind(verdict.key.keyId, userId).catch((error) => {
      if (mode === 'enforce') throw error;
      console.warn(`report: ${error.message}`);
    });
  }

  /** A route for logged-in users. It also binds a key that was registered after its user logged in. */
  const forUser = (handle: (userId: string) => Promise<object>) => {
    return async (request: Request, response: Response<unknown, AppAttestLocals<Verdict>>) => {
      const userId = await accounts.userOf(request);
      if (userId === undefined) return response.status(401).json({ error: 'login_required' });
      await bind(response.locals.appAttest, userId);
      return response.json(await handle(userId));
    };
  };

  const routes = express.Router();
  routes.post('/app-attest/challenge', challenge);
  routes.post('/app-attest/registration', registration);

  routes.post('/login', protect, express.json(), async (request, response) => {
    const userId = await accounts.userWith(request.body);
    if (userId === undefined) return response.status(401).json({ error: 'login_failed' });
    await bind(response.locals.appAttest, userId); // before startSession: if bind throws, nobody is logged in
    return response.json({ session: await accounts.startSession(userId) });
  });

  const me = forUser(async (userId) => ({ userId }));
  routes.get('/me', protect, me);

  // The next two routes end the sessions first. Otherwise, a request of an old session could bind a new key afterwards.
  const logoutEverywhere = forUser(async (userId) => {
    await accounts.endSessions(userId);
    return { revoked: await appAttest.revokeAll(userId) };
  });
  routes.post('/logout-everywhere', protect, logoutEverywhere);

  const deleteAccount = forUser(async (userId) => {
    await accounts.endSessions(userId);
    const forgotten = await appAttest.forgetAll(userId);
    await accounts.remove(userId); // last, so that a failed deletion can be repeated
    return { forgotten };
  });
  routes.delete('/account', protect, deleteAccount);

  routes.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const status = error instanceof AppAttestError ? STATUS.get(error.code) : undefined;
    if (!(error instanceof AppAttestError) || status === undefined) return next(error);
    response.status(status).json({ error: error.code }); // the handlers respond in the same format
  });
  return routes;
}
