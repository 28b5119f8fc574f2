import { EMPTY_FORM, type FormValues, MAX_INPUT_LENGTH } from './form-values.js';

const PREFIX = '#form=';
const FORMS: readonly FormValues['clientDataForm'][] = ['sha256', 'sha256-decoded', 'raw'];
const ENVIRONMENTS: readonly FormValues['environment'][] = ['production', 'development', 'either'];

/** The fragment of a link that contains the form. Browsers do not send fragments to servers. */
export function fragmentOf(form: FormValues): string {
  return PREFIX + encodeURIComponent(JSON.stringify(form));
}

/** Reads the form in a fragment. Anyone can write a link, so each value is checked. */
export function formInFragment(fragment: string): FormValues | undefined {
  if (!fragment.startsWith(PREFIX) || fragment.length > 3 * MAX_INPUT_LENGTH) return undefined;
  try {
    const value: unknown = JSON.parse(decodeURIComponent(fragment.slice(PREFIX.length)));
    return typeof value === 'object' && value !== null ? formOf({ ...value }) : undefined;
  } catch {
    return undefined;
  }
}

function formOf(value: Partial<Record<string, unknown>>): FormValues {
  const text = (name: keyof FormValues): string => {
    const found = value[name];
    return typeof found === 'string' && found.length <= MAX_INPUT_LENGTH ? found : '';
  };
  return {
    evidence: text('evidence'),
    appId: text('appId'),
    clientData: text('clientData'),
    clientDataForm: FORMS.find((form) => form === text('clientDataForm')) ?? EMPTY_FORM.clientDataForm,
    keyId: text('keyId'),
    environment: ENVIRONMENTS.find((name) => name === text('environment')) ?? EMPTY_FORM.environment,
    date: text('date'),
    publicKey: text('publicKey'),
    counter: text('counter'),
  };
}
