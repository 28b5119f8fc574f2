/**
 * SQL for the part of a user's name that the index of users holds. An entry of an index has at most 2704 bytes; a name
 * has up to 1024 characters of up to 4 bytes.
 */
export function subjectPrefix(subject: string): string {
  return `left(${subject}, 512)`;
}
