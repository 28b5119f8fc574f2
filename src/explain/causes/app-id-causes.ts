import { equalBytes, sha256OfText } from '../../encoding/bytes.js';
import { shortText } from '../../errors.js';
import { isAppId } from '../../options/app-id.js';
import type { Cause } from '../explanation.js';
import { certain, likely } from './certainty.js';

/** Suffixes that build configurations add to bundle identifiers. */
const SUFFIXES: readonly string[] = [
  ...[
    'dev',
    'debug',
    'development',
    'staging',
    'stage',
    'stg',
    'beta',
    'alpha',
    'test',
    'testing',
    'qa',
    'uat',
    'preview',
  ],
  ...['internal', 'adhoc', 'enterprise', 'release', 'prod', 'production', 'ios', 'app', 'lite', 'free', 'pro', 'demo'],
  ...['clip', 'Clip', 'AppClip', 'appclip', 'watchkitapp', 'extension', 'tests'],
].flatMap((word) => [`.${word}`, `-${word}`]);

/** The maximum number of similar App IDs that are hashed. */
const MAX_SIMILAR = 1000;
/** The maximum number of parts that are removed from the end of an App ID. */
const MAX_PARENTS = 3;

/** Explains an RP ID hash that belongs to no accepted app, by the App ID in the certificate or by trying similar App IDs. */
export function appIdCauses(rpIdHash: Uint8Array, appIds: readonly string[], certified: string | undefined): Cause[] {
  const isOf = (appId: string): boolean => equalBytes(sha256OfText(appId), rpIdHash);
  const certifiedApp = certified === undefined ? undefined : [certified, ...parentsOf(certified)].find(isOf);
  const found = certifiedApp ?? appIds.flatMap(similarAppIds).slice(0, MAX_SIMILAR).find(isOf);
  if (found !== undefined) return [differenceOf(found, appIds)];
  const bundleOnly = appIds.find((appId) => isOf(appId.slice(appId.indexOf('.') + 1)));
  if (bundleOnly !== undefined) {
    return [
      certain(
        'The RP ID hash is the SHA-256 of the bundle identifier alone, but devices hash the whole App ID.',
        'In the code that created this evidence, hash the whole App ID: the team ID, a dot and the bundle identifier.',
      ),
    ];
  }
  return [
    likely(
      `The evidence belongs to an app other than ${appIds.map(shortText).join(' or ')}.`,
      'Compare appId on the server with the team ID and the bundle identifier of the build in Xcode, under Signing & Capabilities.',
    ),
  ];
}

/** Explains a certificate and authenticator data that belong to different apps. */
export function certifiedAppIdCauses(certified: string | undefined, appIds: readonly string[]): Cause[] {
  return [
    likely(
      `The certificate belongs to ${shortText(certified ?? 'no app')}, but authenticator data belongs to ${appIds.map(shortText).join(' or ')}.`,
      'Reject the request, because the parts of the attestation come from different apps.',
    ),
  ];
}

/** The App IDs of the full apps to which an App Clip with this App ID may belong. */
function parentsOf(appId: string): string[] {
  const parts = appId.split('.');
  return parts.slice(2, 2 + MAX_PARENTS).map((_, index) => parts.slice(0, parts.length - 1 - index).join('.'));
}

function similarAppIds(appId: string): string[] {
  const [prefix, bundleId] = partsOf(appId);
  const swapped = SUFFIXES.flatMap((suffix) => {
    return bundleId.endsWith(suffix) ? [`${prefix}.${bundleId.slice(0, -suffix.length)}`] : [];
  });
  const stems = [appId, ...parentsOf(appId), ...swapped];
  return [
    `${prefix}.${bundleId.toLowerCase()}`,
    ...stems,
    ...stems.flatMap((stem) => SUFFIXES.map((suffix) => `${stem}${suffix}`)),
    `${prefix}.${bundleId.replaceAll('_', '-')}`,
    `${prefix}.${bundleId.replaceAll('-', '_')}`,
    `${prefix}.${bundleId.replaceAll('_', '')}`,
    `${prefix}.${bundleId.replaceAll('-', '')}`,
  ];
}

function differenceOf(found: string, appIds: readonly string[]): Cause {
  const [prefix, bundleId] = partsOf(found);
  const shown = shortText(found);
  const sameBundle = appIds.find((appId) => partsOf(appId)[1] === bundleId);
  if (sameBundle !== undefined) {
    return certain(
      `The App ID in the evidence begins with ${shortText(prefix)}, but appId on the server begins with ${shortText(partsOf(sameBundle)[0])}: another team signed the app, or its App ID has an older prefix.`,
      `Set appId to ${shown} on the server, or sign the app with the team whose ID is in appId.`,
    );
  }
  const sameCase = appIds.find((appId) => appId.toLowerCase() === found.toLowerCase());
  if (sameCase !== undefined) {
    return certain(
      `The App ID of the app is ${shown}, which differs from ${shortText(sameCase)} on the server in upper case and lower case.`,
      `Set appId to ${shown} on the server.`,
    );
  }
  const clip = appIds.find((appId) => appId.startsWith(`${found}.`) && /clip/i.test(appId.slice(found.length)));
  if (clip !== undefined) {
    return certain(
      `${shortText(clip)} is the App ID of an App Clip, but evidence of an App Clip contains the RP ID hash of its full app.`,
      `On the server, set appId to ${shown}, the App ID of the full app.`,
    );
  }
  const sameTeam = appIds.find((appId) => partsOf(appId)[0] === prefix);
  return certain(
    sameTeam === undefined
      ? `The evidence belongs to another app of another team: ${shown}.`
      : `The evidence belongs to another app or build of the same team: ${shown}, not ${shortText(sameTeam)}.`,
    isAppId(found)
      ? `If the server should accept this app, add ${shown} to appId on the server; otherwise, use the build with the expected App ID.`
      : 'Use the build with the expected App ID.',
  );
}

function partsOf(appId: string): readonly [prefix: string, bundleId: string] {
  const dot = appId.indexOf('.');
  return [appId.slice(0, dot), appId.slice(dot + 1)];
}
