import { withinTimeLimit } from '../runtime/time-limit.js';
import { AppAttestHttpError } from './http-error.js';
import type { HttpConfiguration } from './http-options.js';

/** @throws AppAttestHttpError `subject_missing`, `unavailable` */
export async function subjectOf<Context>(
  { subject, decisionTimeout }: HttpConfiguration<Context>,
  context: Context,
): Promise<{ subject?: string }> {
  if (!subject) return {};
  const found = await withinTimeLimit(decisionTimeout, 'the subject function', (async () => subject(context))());
  if (found !== undefined && found !== null) return { subject: found };
  throw new AppAttestHttpError('subject_missing', 'the subject function returned no user for the request');
}
