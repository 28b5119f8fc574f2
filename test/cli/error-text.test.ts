import { describe, expect, it } from 'vitest';
import { errorText, secretsOf } from '../../src/cli/error-text.js';

describe('the text of an error', () => {
  it('contains the messages of the error and its causes, in one line', () => {
    const error = new Error('no answer', { cause: new Error('fetch\nfailed', { cause: new Error('refused') }) });
    expect(errorText(error, [])).toBe('no answer: fetch failed: refused');
  });

  it('contains at most three causes, even if an error is its own cause', () => {
    const error = new Error('again');
    error.cause = error;
    expect(errorText(error, [])).toBe('again: again: again: again');
  });

  it('is the code or the name if the error has no message', () => {
    expect(errorText(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), [])).toBe('ECONNREFUSED');
    expect(errorText(new TypeError(), [])).toBe('TypeError');
    expect(errorText('text', [])).toBe('text');
  });

  it('contains no secret, in any form', () => {
    const secrets = [...secretsOf('postgres://user:se%2Fcret@host/keys'), ...secretsOf(undefined), ...secretsOf('')];
    const error = new Error('postgres://user:se%2Fcret@host/keys, se%2Fcret, se/cret');
    expect(errorText(error, secrets)).toBe('***, ***, ***');
    expect(errorText(new Error('x not a URL y'), secretsOf('not a URL'))).toBe('x *** y');
    expect(errorText(new Error('wrong: a  b\tc'), secretsOf('redis://:a%20%20b%09c@host'))).toBe('wrong: ***');
    expect(errorText(new Error('%zz'), secretsOf('redis://:%zz@host'))).toBe('***');
  });

  it('contains no secret that has line breaks or several spaces', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n';
    const secrets = [key, ...secretsOf('postgres://user:two%20%20spaces@host/keys')];
    expect(errorText(new Error(`no key: ${key}, two  spaces`), secrets)).toBe('no key: ***, ***');
  });

  it('contains no part of a secret that contains another secret', () => {
    const secrets = [...secretsOf('postgres://user:se@host/keys'), ...secretsOf('redis://:secret@host')];
    expect(errorText(new Error('redis://:secret@host, secret, se'), secrets)).toBe('***, ***, ***');
  });

  it('contains no control characters, which could change the terminal', () => {
    expect(errorText(new Error('\u001b[2Jrelation\u0007 is\u009b missing'), [])).toBe(' [2Jrelation is missing');
  });

  it('is not changed if the URL of the store has no password', () => {
    expect(errorText(new Error('host is down'), secretsOf('redis://host'))).toBe('host is down');
  });
});
