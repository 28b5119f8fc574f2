/**
 * SQL for the current time in milliseconds since 1970, by the clock of the database. Within one statement, the time does not
 * change.
 */
export const NOW = `CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`;
