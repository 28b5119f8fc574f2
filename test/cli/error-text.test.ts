import { describe, expect, it } from 'vitest';
import { errorText, secretsOf } from '../../src/cli/error-text.js';

describe('the text of an error', () => {
  it('has the messages of its causes, in one line', () => {
    const error = new Error('no answer', { cause: new Error('fetch\nfailed', { cause: new Error('refused') }) });
    expect(errorText(error, [])).toBe('no answer: fetch failed: refused');
  });

  it('ends after three causes, even if an error causes itself', () => {
    const error = new Error('again');
    error.cause = error;
    expect(errorText(error, [])).toBe('again: again: again: again');
  });

  it('is the code or the name of an error without a message', () => {
    expect(errorText(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), [])).toBe('ECONNREFUSED');
    expect(errorText(new TypeError(), [])).toBe('TypeError');
    expect(errorText('text', [])).toBe('text');
  });

  it('has no secret, in any form', () => {
    const secrets = [...secretsOf('postgres://user:se%2Fcret@host/keys'), ...secretsOf(undefined), ...secretsOf('')];
    const error = new Error('postgres://user:se%2Fcret@host/keys, se%2Fcret, se/cret');
    expect(errorText(error, secrets)).toBe('***, ***, ***');
    expect(errorText(new Error('x not a URL y'), secretsOf('not a URL'))).toBe('x *** y');
    expect(errorText(new Error('wrong: a  b\tc'), secretsOf('redis://:a%20%20b%09c@host'))).toBe('wrong: ***');
    expect(errorText(new Error('%zz'), secretsOf('redis://:%zz@host'))).toBe('***');
  });

  it('has no secret with line breaks or several spaces', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n';
    const secrets = [key, ...secretsOf('postgres://user:two%20%20spaces@host/keys')];
    expect(errorText(new Error(`no key: ${key}, two  spaces`), secrets)).toBe('no key: ***, ***');
  });

  it('has no part of a secret that contains another secret', () => {
    const secrets = [...secretsOf('postgres://user:se@host/keys'), ...secretsOf('redis://:secret@host')];
    expect(errorText(new Error('redis://:secret@host, secret, se'), secrets)).toBe('***, ***, ***');
  });

  it('has no control characters, which could rewrite the terminal', () => {
    expect(errorText(new Error('\u001b[2Jrelation\u0007 is\u009b missing'), [])).toBe(' [2Jrelation is missing');
  });

  it('stays as it is if a URL has no password', () => {
    expect(errorText(new Error('host is down'), secretsOf('redis://host'))).toBe('host is down');
  });
});
