import { useEffect, useState } from 'preact/hooks';
import { readPastedEvidence } from '../explain/evidence-text.js';
import { CausesView } from './causes-view.jsx';
import { ChainView } from './chain-view.jsx';
import { EvidenceView } from './evidence-view.jsx';
import { examples } from './examples.js';
import { type Explained, explainForm, type Unexplained } from './explained.js';
import { ExtensionsView } from './extensions-view.jsx';
import { EMPTY_FORM, type FormValues, MAX_INPUT_LENGTH, withPastedValues } from './form-values.js';
import { FormView } from './form-view.jsx';
import { formInFragment, fragmentOf } from './page-link.js';
import { ReceiptView } from './receipt-view.jsx';
import { StepsView } from './steps-view.jsx';
import { VerdictView } from './verdict-view.jsx';

/** The time between the last change in the form and the explanation, in milliseconds. */
const PAUSE = 120;

/** The whole page. */
export function Inspector() {
  const [form, setForm] = useState<FormValues>(() => formInFragment(location.hash) ?? EMPTY_FORM);
  const [result, setResult] = useState<Explained | Unexplained>();
  const [notice, setNotice] = useState('');

  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(async () => {
      // If the page fails, it must not still show the result of earlier evidence.
      const explained = await explainForm(form).catch((error: unknown) => ({
        problem: `The page failed: ${String(error)}`,
      }));
      if (isCurrent) setResult(explained);
    }, PAUSE);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [form]);

  const change = (values: Partial<FormValues>): void => {
    setNotice('');
    const { evidence } = values;
    if (evidence === undefined) {
      setForm((before) => ({ ...before, ...values }));
    } else if (evidence.length > MAX_INPUT_LENGTH) {
      refuse();
    } else {
      const pasted = readPastedEvidence(evidence);
      setForm((before) => withPastedValues(before, evidence, pasted));
    }
  };
  const replace = (values: FormValues): void => {
    setNotice('');
    setForm(values);
  };
  const refuse = (): void => setNotice(`Too long: the page reads at most ${MAX_INPUT_LENGTH / 1024} KiB.`);
  const copyLink = async (): Promise<void> => {
    location.hash = fragmentOf(form);
    const isCopied = await navigator.clipboard?.writeText(location.href).then(
      () => true,
      () => false,
    );
    setNotice(
      isCopied
        ? 'The link is copied. It contains the evidence.'
        : 'Copy the address of the page. It contains the evidence.',
    );
  };

  return (
    <>
      <header>
        <h1>App Attest inspector</h1>
        <p>Shows what is in App Attest evidence, and why a server rejects it.</p>
      </header>
      <main>
        <FormView form={form} kind={result?.kind} onChange={change} onTooLong={refuse}>
          <div class="buttons">
            <span class="label" id="examples">
              Examples
            </span>
            {examples.map(({ name, form: example }) => (
              <button type="button" key={name} onClick={() => replace(example)}>
                {name}
              </button>
            ))}
            <div class="actions">
              <button type="button" disabled={form.evidence === ''} onClick={copyLink}>
                Copy link
              </button>
              <button type="button" disabled={form.evidence === ''} onClick={() => replace(EMPTY_FORM)}>
                Clear
              </button>
            </div>
          </div>
          <p class="notice" role="status">
            {notice}
          </p>
        </FormView>
        <div aria-live="polite" aria-atomic="true">
          {result &&
            ('problem' in result ? <p class="problem">{result.problem}</p> : <VerdictView explained={result} />)}
        </div>
        {result && 'explanation' in result && <Details explained={result} />}
      </main>
    </>
  );
}

function Details({ explained }: { readonly explained: Explained }) {
  return (
    <>
      <CausesView causes={explained.explanation.causes} />
      <StepsView kind={explained.kind} checks={explained.explanation.checks} />
      <EvidenceView bytes={explained.bytes} map={explained.map} />
      <ChainView explained={explained} />
      <ExtensionsView explained={explained} />
      <ReceiptView explained={explained} />
    </>
  );
}
