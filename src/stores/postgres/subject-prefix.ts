/**
 * Returns SQL for the first 512 characters of `subject`, which is an SQL expression. The index of the column subject contains
 * only these characters. An index entry can have at most 2704 bytes, but a value of the column can have 3072 bytes in UTF-8.
 */
export function subjectPrefix(subject: string): string {
  return `left(${subject}, 512)`;
}
