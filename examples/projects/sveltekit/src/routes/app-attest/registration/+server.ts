import { registration } from '$lib/server/app-attest';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request }) => registration(request);
