/** SQL for the current time in milliseconds since 1970, by the clock of the database. It is the same in all parts of a statement. */
export const NOW = `CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`;
