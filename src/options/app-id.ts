import { AppAttestError, shortText } from '../errors.js';
import { type KnownOptions, readKnownOptions } from './known-options.js';

/**
 * The App ID of one app: text such as `'TEAMID1234.com.example.app'`, or the two parts of this text. The part before the
 * first dot, the prefix, has ten characters A-Z and 0-9. For nearly all apps, the prefix is the team identifier of the
 * developer account. For an App Clip, use the App ID of the full app.
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
 * Checks the option `appId`, and returns the accepted App IDs as text.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readAppIds(appId: unknown): readonly string[] {
  const named: readonly unknown[] = Array.isArray(appId) ? [...appId] : [appId];
  if (named.length === 0) throw new AppAttestError('invalid_argument', 'appId must contain at least one App ID');
  return named.map(readAppId);
}

/**
 * Apple allows letters, digits, hyphens and dots in bundle identifiers. One of Apple's own samples also contains
 * underscores.
 */
const APP_ID = /^[A-Z0-9]{10}(?:\.[A-Za-z0-9_-]+)+$/;
const TEAM_ID = /^[A-Z0-9]{10}$/;

/** Whether text has the form of an App ID. */
export function isAppId(text: string): boolean {
  return APP_ID.test(text);
}

/**
 * Checks one App ID, and returns it as text.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readAppId(appId: unknown): string {
  if (typeof appId === 'string') return checkAppId(appId, appId.split('.', 1)[0] ?? '');
  if (typeof appId !== 'object' || appId === null) {
    throw invalid(`appId must be { teamId, bundleId }, or text of this form: ${FORM}`);
  }
  const { teamId, bundleId }: { teamId?: unknown; bundleId?: unknown } = readKnownOptions('appId', appId, KNOWN_PARTS);
  if (typeof teamId === 'string' && typeof bundleId === 'string') return checkAppId(`${teamId}.${bundleId}`, teamId);
  throw invalid('teamId and bundleId of appId must be strings');
}

const FORM = 'ten characters A-Z and 0-9, a dot and the bundle identifier, such as "TEAMID1234.com.example.app"';

const KNOWN_PARTS: KnownOptions<{ teamId: string; bundleId: string }> = {
  teamId: 'never undefined',
  bundleId: 'never undefined',
};

function checkAppId(appId: string, teamId: string): string {
  if (isAppId(appId) && TEAM_ID.test(teamId)) return appId;
  const wrong = TEAM_ID.test(teamId)
    ? 'the bundle identifier after the team ID is missing or malformed'
    : `${shortText(teamId)} is not a team ID`;
  const hint =
    teamId === 'undefined' || teamId === 'null' || teamId === '' ? ' (is the variable for the team ID set?)' : '';
  throw invalid(`appId ${shortText(appId)} must be ${FORM}: ${wrong}${hint}`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
