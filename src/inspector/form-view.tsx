import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { encodeBase64 } from '../encoding/base64.js';
import { decodeUtf8 } from '../encoding/utf8.js';
import type { EvidenceKind } from '../explain/evidence-kind.js';
import { type FormValues, MAX_INPUT_LENGTH } from './form-values.js';

interface FormViewProps {
  readonly form: FormValues;
  /** The kind of the evidence in the form, if it is known. */
  readonly kind: EvidenceKind | undefined;
  readonly onChange: (values: Partial<FormValues>) => void;
  /** Called for pasted text or a file that is too long. */
  readonly onTooLong: () => void;
  readonly children: ComponentChildren;
}

/** The fields for the evidence, and for the values that are compared with the evidence. */
export function FormView({ form, kind, onChange, onTooLong, children }: FormViewProps) {
  const [isOver, setIsOver] = useState(false);
  const read = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    if (file.size > MAX_INPUT_LENGTH) return onTooLong();
    const bytes = new Uint8Array(await file.arrayBuffer());
    onChange({ evidence: textOf(bytes) ?? encodeBase64(bytes) });
  };
  const paste = (event: ClipboardEvent): void => {
    // The browser would take seconds to show 10 MB.
    if ((event.clipboardData?.getData('text/plain').length ?? 0) <= MAX_INPUT_LENGTH) return;
    event.preventDefault();
    onTooLong();
  };
  const isAssertion = kind === 'assertion';
  const clientDataName = isAssertion ? 'payload' : 'challenge';
  return (
    <section
      class={isOver ? 'form over' : 'form'}
      aria-label="Input"
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        const text = event.dataTransfer?.getData('text/plain');
        const file = event.dataTransfer?.files[0];
        if (file) read(file);
        else if (text) onChange({ evidence: text });
      }}
    >
      <label class="wide">
        <span class="label">Evidence in any encoding, the plugin's JSON, or a capsule: paste it, or drop a file</span>
        <textarea
          id="evidence"
          rows={5}
          spellcheck={false}
          autocomplete="off"
          value={form.evidence}
          onPaste={paste}
          onInput={({ currentTarget }) => onChange({ evidence: currentTarget.value })}
        />
      </label>
      <label class="file">
        <span class="label">Or choose a file</span>
        <input type="file" onChange={({ currentTarget }) => read(currentTarget.files?.[0])} />
      </label>
      {children}
      <div class="fields">
        <TextField
          label="App ID"
          hint="TEAMID1234.com.example.app"
          value={form.appId}
          onText={(appId) => onChange({ appId })}
        />
        <TextField
          label={isAssertion ? 'Payload' : 'Challenge'}
          value={form.clientData}
          onText={(clientData) => onChange({ clientData })}
          isLong={isAssertion}
        />
        <label>
          <span class="label">The app passes to the device</span>
          <select
            value={form.clientDataForm}
            onChange={({ currentTarget: { value } }) => {
              onChange({ clientDataForm: value === 'raw' || value === 'sha256-decoded' ? value : 'sha256' });
            }}
          >
            <option value="sha256">SHA-256 of the {clientDataName}</option>
            <option value="sha256-decoded">SHA-256 of the {clientDataName}, decoded from base64</option>
            <option value="raw">the {clientDataName} itself, not hashed</option>
          </select>
        </label>
        {isAssertion ? (
          <>
            <TextField
              label="Public key"
              hint="-----BEGIN PUBLIC KEY-----"
              value={form.publicKey}
              onText={(publicKey) => onChange({ publicKey })}
              isLong
            />
            <TextField label="Last counter" hint="0" value={form.counter} onText={(counter) => onChange({ counter })} />
          </>
        ) : (
          <>
            {kind !== 'receipt' && (
              <TextField
                label="Key identifier"
                hint="base64"
                value={form.keyId}
                onText={(keyId) => onChange({ keyId })}
              />
            )}
            <label>
              <span class="label">Environment</span>
              <select
                value={form.environment}
                onChange={({ currentTarget: { value } }) => {
                  onChange({ environment: value === 'development' || value === 'either' ? value : 'production' });
                }}
              >
                <option value="production">production</option>
                <option value="development">development</option>
                <option value="either">either</option>
              </select>
            </label>
            <TextField label="Date" hint="now" value={form.date} onText={(date) => onChange({ date })} />
          </>
        )}
      </div>
    </section>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onText: (text: string) => void;
  readonly isLong?: boolean;
}

function TextField({ label, hint = '', value, onText, isLong = false }: TextFieldProps) {
  return (
    <label class={isLong ? 'wide' : ''}>
      <span class="label">{label}</span>
      {isLong ? (
        <textarea
          rows={3}
          spellcheck={false}
          maxLength={MAX_INPUT_LENGTH}
          placeholder={hint}
          value={value}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      ) : (
        <input
          type="text"
          spellcheck={false}
          autocomplete="off"
          maxLength={65_536}
          placeholder={hint}
          value={value}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
        />
      )}
    </label>
  );
}

/** The text in a file. `undefined` for binary files. */
function textOf(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes);
  // Control characters other than tab and line breaks do not occur in text.
  return text !== undefined && !/[^\P{Cc}\t\n\r]/u.test(text) ? text : undefined;
}
