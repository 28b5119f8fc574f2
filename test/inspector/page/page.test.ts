import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, describe, expect, it } from 'vitest';
import { createCapsule } from '../../../src/explain/capsule.js';
import { attestationFixture, recordings } from '../../support/recordings.js';
import { startChromium } from '../chromium.js';
import { openPage, pageUrl, paste } from './open-page.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await startChromium();
afterAll(() => browser.close());

const apple = attestationFixture('apple-guide-2026');
const examples = ["Apple's sample", 'Broken: hashed challenge, other app', 'Broken: cut off in the database'] as const;

async function axeFindings(page: Awaited<ReturnType<typeof openPage>>['page']): Promise<unknown> {
  // Runs through the debugging protocol, so the Content-Security-Policy of the page need not be disabled.
  await page.evaluate(axe);
  return page.evaluate(`axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))`);
}

describe('the inspector page', () => {
  it.each([
    [examples[0], 'Attestation accepted', undefined],
    [examples[1], 'nonce_mismatch', 'This attestation is a sample from Apple'],
    [examples[2], 'malformed_attestation', 'cut off after 3072 bytes'],
  ])('explains the example "%s" without any request', async (name, result, cause) => {
    const { page, requests, complaints } = await openPage(browser);
    await page.getByRole('button', { name }).click();
    await expect.poll(() => page.getByRole('region', { name: 'Result' }).innerText()).toContain(result);
    expect(await page.locator('.steps > li').count()).toBe(9);
    if (cause === undefined) expect(await page.locator('.steps .mark.passed').count()).toBe(9);
    else expect(await page.locator('.causes > li').first().innerText()).toContain(cause);
    expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)(
    'has no accessibility problem that axe-core finds in the %s colours',
    async (colorScheme) => {
      for (const [index, name] of examples.entries()) {
        const { page } = await openPage(browser, {
          colorScheme,
          ...(index === 2 && { viewport: { width: 390, height: 800 } }),
        });
        expect(await axeFindings(page)).toEqual([]);
        await page.getByRole('button', { name }).click();
        await page.getByRole('heading', { name: 'Object' }).waitFor();
        await page.getByText('Licenses of the packages').click();
        expect(await axeFindings(page)).toEqual([]);
        await page.context().close();
      }
    },
  );

  it.each([
    ['base64', apple.attestation.object],
    ['hex', Buffer.from(apple.attestation.object, 'base64').toString('hex')],
    ["the plugin's JSON", JSON.stringify({ platform: 'ios', keyId: apple.keyId, token: apple.attestation.object })],
  ])('reads pasted %s', async (_, text) => {
    const { page } = await openPage(browser);
    await paste(page, text);
    await page.getByRole('heading', { name: /attestation (undecided|rejected)/ }).waitFor();
    expect(await page.getByLabel('Key identifier').inputValue()).toBe(text.startsWith('{') ? apple.keyId : '');
    await page.context().close();
  });

  it('shows the signed request in a capsule as text', async () => {
    const [recorded] = recordings.find(({ name }) => name === 'node-app-attest-assertion')?.assertions ?? [];
    const { page } = await openPage(browser);
    const payload = 'POST /orders\nchallenge\nsha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:';
    const capsule = {
      version: 1,
      kind: 'assertion',
      evidence: recorded?.object,
      clientData: { base64: Buffer.from(payload).toString('base64') },
      clientDataForm: 'sha256',
    };
    await paste(page, JSON.stringify(capsule));
    await page.getByRole('heading', { name: /assertion/ }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Payload' }).inputValue()).toBe(payload);
    await page.context().close();
  });

  it('is not wider than a phone', async () => {
    const { page } = await openPage(browser, { viewport: { width: 390, height: 800 } });
    for (const name of examples) {
      await page.getByRole('button', { name }).click();
      await page.getByRole('heading', { name: 'Object' }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    }
    await page.context().close();
  });

  it('reads a dropped file with the bytes of an attestation', async () => {
    const { page } = await openPage(browser);
    const transfer = await page.evaluateHandle((base64) => {
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      data.items.add(new File([bytes], 'attestation.bin'));
      return data;
    }, apple.attestation.object);
    await page.dispatchEvent('.form', 'drop', { dataTransfer: transfer });
    await page.getByRole('heading', { name: 'Receipt' }).waitFor();
    expect(await page.getByLabel(/^Evidence/).inputValue()).toBe(apple.attestation.object);
    await page.context().close();
  });

  it('checks an assertion with a pasted public key, payload, App ID and counter', async () => {
    const recording = recordings.find(({ name }) => name === 'node-app-attest-assertion');
    const [assertion] = recording?.assertions ?? [];
    if (!recording?.publicKey || !assertion)
      throw new Error('the fixture node-app-attest-assertion has no public key or no assertion');
    const { page } = await openPage(browser);
    await paste(page, assertion.object);
    await paste(page, recording.publicKey, /^Public key/);
    await paste(page, Buffer.from(assertion.clientData, 'base64').toString('utf8'), /^Payload/);
    await paste(page, recording.appId, /^App ID/);
    await paste(page, '0', /^Last counter/);
    await page.getByRole('heading', { name: 'Assertion accepted' }).waitFor();
    await paste(page, '7', /^Last counter/);
    await page.getByText('counter_not_increased').first().waitFor();
    await page.context().close();
  });

  it('fills the form from a capsule', async () => {
    const capsule = createCapsule({
      kind: 'attestation',
      code: 'nonce_mismatch',
      message: '',
      date: new Date(apple.attestation.validAt),
      evidence: apple.attestation.object,
      keyId: apple.keyId,
      clientData: 'example_server_challenge',
      clientDataForm: 'raw',
      clientDataHash: undefined,
      key: undefined,
      appIds: [apple.appId],
      environments: ['production'],
      policy: undefined,
      counterWindow: undefined,
      verifyReceipts: undefined,
      trustAnchors: undefined,
      receiptTrustAnchors: undefined,
    });
    const { page } = await openPage(browser);
    await paste(page, JSON.stringify(capsule));
    await page.getByRole('heading', { name: 'Attestation accepted' }).waitFor();
    expect(await page.getByLabel('App ID').inputValue()).toBe(apple.appId);
    await page.context().close();
  });

  it('can be used with only the keyboard, from the example to the tree and the bytes', async () => {
    const { page } = await openPage(browser);
    await page.getByRole('button', { name: examples[0] }).focus();
    await page.keyboard.press('Enter');
    const tree = page.getByRole('tree');
    await tree.waitFor();
    for (let presses = 0; presses < 30; presses += 1) {
      if (await page.evaluate(() => document.activeElement?.getAttribute('role') === 'treeitem')) break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await tree.locator('[aria-selected="true"]').innerText()).toContain('apple_');
    expect(await page.locator('.hex .lit').count()).toBeGreaterThan(10);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    expect(await tree.locator('[aria-selected="true"]').innerText()).toContain('fmt');
    await page.keyboard.press('Tab');
    await page.keyboard.press('End');
    expect(await page.locator('.selection').innerText()).toMatch(/apple_/);
    await page.context().close();
  });

  it('highlights the part that contains a clicked byte', async () => {
    const { page } = await openPage(browser);
    await page.getByRole('button', { name: examples[0] }).click();
    await page.locator('.octets [data-offset="5"]').click();
    expect(await page.locator('.selection').innerText()).toContain('fmt');
    expect(await page.locator('.octets .lit').count()).toBe(20);
    await page.context().close();
  });

  it('puts the form into the fragment only after a click on Copy link, and reads the form from the fragment', async () => {
    const { page } = await openPage(browser);
    await page.getByRole('button', { name: examples[1] }).click();
    await page.getByRole('heading', { name: /rejected/ }).waitFor();
    expect(new URL(page.url()).hash).toBe('');
    await page.getByRole('button', { name: 'Copy link' }).click();
    await expect.poll(() => new URL(page.url()).hash.length).toBeGreaterThan(1000);
    const { hash } = new URL(page.url());
    const again = await openPage(browser, {}, hash);
    await again.page.getByRole('heading', { name: /nonce_mismatch/ }).waitFor();
    await Promise.all([page.context().close(), again.page.context().close()]);
  });

  it.each(['#form=%', '#form=null', '#form={"evidence":7}', '#form=[]', '#form=%7B%7B%7B', '#other'])(
    'ignores the fragment %s',
    async (fragment) => {
      const { page, complaints } = await openPage(browser, {}, fragment);
      expect(await page.getByLabel(/^Evidence/).inputValue()).toBe('');
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('rejects a paste of 10 MB in no more than five times the time that reading it takes', async () => {
    const { page } = await openPage(browser);
    const ratio = await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData('text/plain', 'A'.repeat(10_000_000));
      const reading = performance.now();
      data.getData('text/plain').toLowerCase();
      const start = performance.now();
      const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
      const isKept = document.querySelector('#evidence')?.dispatchEvent(event);
      return isKept ? Number.POSITIVE_INFINITY : (performance.now() - start) / (start - reading);
    });
    expect(ratio).toBeLessThan(5);
    expect(await page.getByRole('status').first().innerText()).toContain('Too long');
    await page.context().close();
  });

  it.each(['<img src=x onerror=alert(1)>', '{"token":"<script>alert(1)</script>"}', 'AAAA', '{', '\u0000\u0000'])(
    'finds no evidence in the text %j, and executes no code in it',
    async (text) => {
      const { page, requests, complaints } = await openPage(browser);
      await paste(page, text);
      await page.getByText('No evidence was found in this text.').waitFor();
      expect({ requests, complaints }).toEqual({ requests: [], complaints: [] });
      await page.context().close();
    },
  );

  it('has a Content-Security-Policy that forbids every connection', async () => {
    const html = readFileSync(pageUrl, 'utf8');
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'none'/,
    );
    expect(policy).not.toContain('unsafe');
    const { page } = await openPage(browser);
    const attempt = page.evaluate(() =>
      fetch('data:text/plain,x').then(
        () => 'connected',
        () => 'forbidden',
      ),
    );
    expect(await attempt).toBe('forbidden');
    await page.context().close();
  });
});
