/** The oldest compatibility date with which the package runs on Workers. docs/runtimes.md contains this date. */
export const OLDEST_COMPATIBILITY_DATE = '2025-04-01';
