/** Describes a growth in KiB, such as "larger by 11 KiB". */
export function changeText(kibibytes: number): string {
  const rounded = Math.round(kibibytes);
  if (rounded === 0) return 'as large as before';
  return `${rounded > 0 ? 'larger' : 'smaller'} by ${Math.abs(rounded)} KiB`;
}
