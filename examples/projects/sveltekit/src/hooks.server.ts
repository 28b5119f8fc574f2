import { createTables } from '$lib/server/app-attest';

/** SvelteKit calls this function when the server starts, but not in `vite build`. */
export const init = createTables;
