import { expect, it } from 'vitest';
import { isAppId, readAppIds } from '../../src/options/app-id.js';
import { recordings } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';

const notTeamId = (team: string) => `"${team}" is not a team ID`;
const FORM =
  'must be ten characters A-Z and 0-9, a dot and the bundle identifier, such as "TEAMID1234.com.example.app"';

for (const { name, appId } of recordings) {
  it(`the App ID of the recording ${name} is well-formed`, () => {
    expect(readAppIds(appId)).toEqual([appId]);
    expect(isAppId(appId)).toBe(true);
  });
}

it.each([
  'TEAM123456.com.example.app',
  '0123456789.app',
  'TEAMID1234.com.example.app.Clip',
  'TEAMID1234.com.example-app_2',
])('%s is an App ID', (appId) => {
  expect(readAppIds(appId)).toEqual([appId]);
  const [teamId = '', ...bundle] = appId.split('.');
  expect(readAppIds([{ teamId, bundleId: bundle.join('.') }])).toEqual([appId]);
});

const wrong: readonly [string, string][] = [
  ['com.example.app', notTeamId('com')],
  ['undefined.com.example.app', `${notTeamId('undefined')} (is the variable for the team ID set?)`],
  ['null.com.example.app', `${notTeamId('null')} (is the variable for the team ID set?)`],
  ['.com.example.app', `${notTeamId('')} (is the variable for the team ID set?)`],
  ['', `${notTeamId('')} (is the variable for the team ID set?)`],
  ['teamid1234.com.example.app', notTeamId('teamid1234')],
  ['TEAMID123.com.example.app', notTeamId('TEAMID123')],
  ['TEAMID12345.com.example.app', notTeamId('TEAMID12345')],
  ['TEAMID1234', 'the bundle identifier after the team ID is missing or malformed'],
  ['TEAMID1234.', 'the bundle identifier after the team ID is missing or malformed'],
  ['TEAMID1234..app', 'the bundle identifier after the team ID is missing or malformed'],
  ['TEAMID1234.com.example.', 'the bundle identifier after the team ID is missing or malformed'],
  ['TEAMID1234.com.example.*', 'the bundle identifier after the team ID is missing or malformed'],
  ['TEAMID1234.com.example.app ', 'the bundle identifier after the team ID is missing or malformed'],
  ['TEAMID1234.com.example.app\n', 'the bundle identifier after the team ID is missing or malformed'],
  ['TEAMID1234.com.exämple.app', 'the bundle identifier after the team ID is missing or malformed'],
];
it.each(wrong)('%j is not an App ID, and the error message says why', async (appId, why) => {
  expect(isAppId(appId)).toBe(false);
  const { message } = await expectCode(() => readAppIds(['TEAMID1234.com.example.app', appId]), 'invalid_argument');
  expect(message).toBe(`appId ${JSON.stringify(appId)} ${FORM}: ${why}`);
});

it.each([
  [{ teamId: undefined, bundleId: 'com.example.app' }, 'the option teamId of appId is undefined'],
  [{ teamId: 'TEAMID1234', bundleId: undefined }, 'the option bundleId of appId is undefined'],
  [{ teamId: 'TEAMID1234', bundleId: 1 }, 'teamId and bundleId of appId must be strings'],
  [{ bundleId: 'com.example.app' }, 'teamId and bundleId of appId must be strings'],
  [{ teamId: 'TEAMID1234', bundleID: 'com.example.app' }, 'appId has no option "bundleID"'],
  [{ teamId: 'TEAM.ID', bundleId: 'com.example.app' }, notTeamId('TEAM.ID')],
  [{ teamId: 'TEAMID1234.com', bundleId: 'example.app' }, notTeamId('TEAMID1234.com')],
  [5, 'must be { teamId, bundleId }, or text of this form: ten characters A-Z and 0-9'],
  [null, 'must be { teamId, bundleId }, or text of this form: ten characters A-Z and 0-9'],
])('the option appId must not be %j', async (appId, why) => {
  const { message } = await expectCode(() => readAppIds(appId), 'invalid_argument');
  expect(message).toContain(why);
});
