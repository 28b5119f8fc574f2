/**
 * Returns SQL for the first 512 characters of a user. The index of users contains only these characters. An index entry has at
 * most 2704 bytes, but the text of a user can have 3072 bytes in UTF-8.
 */
export function subjectPrefix(subject: string): string {
  return `left(${subject}, 512)`;
}
