import { AppAttestError, shortText } from '../errors.js';
import { type KnownOptions, readKnownOptions } from './known-options.js';

/**
 * Names one app: `'TEAMID1234.com.example.app'`, or its two parts. The prefix, ten characters A-Z and 0-9, is the App ID
 * prefix of the developer account, for nearly all apps the team identifier. The evidence of an App Clip carries the App ID
 * of its full app.
 */
export type AppId =
  | string
  | {
      /** The App ID prefix, ten characters: `'TEAMID1234'`. */
      readonly teamId: string;
      /** The bundle identifier: `'com.example.app'`. */
      readonly bundleId: string;
    };

/**
 * The App IDs that a server accepts, as text.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readAppIds(appId: unknown): readonly string[] {
  const named: readonly unknown[] = Array.isArray(appId) ? [...appId] : [appId];
  if (named.length === 0) throw new AppAttestError('invalid_argument', 'appId must name at least one app');
  return named.map(readAppId);
}

/** Letters, digits, hyphens and dots, says Apple of bundle identifiers; in its own sample there are underscores. */
const APP_ID = /^[A-Z0-9]{10}(?:\.[A-Za-z0-9_-]+)+$/;
const TEAM_ID = /^[A-Z0-9]{10}$/;

/** Whether text has the form of an App ID. */
export function isAppId(text: string): boolean {
  return APP_ID.test(text);
}

/**
 * One App ID as text.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readAppId(appId: unknown): string {
  if (typeof appId === 'string') return checkAppId(appId, appId.split('.', 1)[0] ?? '');
  if (typeof appId !== 'object' || appId === null) throw invalid(`appId must be ${FORM} or { teamId, bundleId }`);
  const { teamId, bundleId }: { teamId?: unknown; bundleId?: unknown } = readKnownOptions('appId', appId, KNOWN_PARTS);
  if (typeof teamId === 'string' && typeof bundleId === 'string') return checkAppId(`${teamId}.${bundleId}`, teamId);
  throw invalid('teamId and bundleId of appId must be text');
}

const FORM = 'ten characters A-Z and 0-9, a dot and the bundle identifier, such as "TEAMID1234.com.example.app"';

const KNOWN_PARTS: KnownOptions<{ teamId: string; bundleId: string }> = {
  teamId: 'never undefined',
  bundleId: 'never undefined',
};

function checkAppId(appId: string, teamId: string): string {
  if (isAppId(appId) && TEAM_ID.test(teamId)) return appId;
  const wrong = TEAM_ID.test(teamId)
    ? 'no bundle identifier follows the team ID'
    : `${shortText(teamId)} is no team ID`;
  const hint =
    teamId === 'undefined' || teamId === 'null' || teamId === '' ? ' (is the variable that holds it set?)' : '';
  throw invalid(`appId ${shortText(appId)} must be ${FORM}: ${wrong}${hint}`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
