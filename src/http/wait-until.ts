/** Keeps the process running until a promise settles. */
export type WaitUntil = (work: Promise<void>) => void;
