/**
 * Returns SQL for the beginning of a user, as it is in the index of users. An index entry has at most 2704 bytes, but a user
 * can have 3072 bytes in UTF-8.
 */
export function subjectPrefix(subject: string): string {
  return `left(${subject}, 512)`;
}
