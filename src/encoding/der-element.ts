/** One decoded element. Its position is given as offsets in the decoded bytes. */
export interface DerElement {
  /** The identifier octet (X.690 §8.1.2), which contains the class, the constructed bit, and tag numbers up to 30. */
  readonly tag: number;
  /** The tag number, including numbers above 30. */
  readonly tagNumber: number;
  /** The offset at which the element starts. */
  readonly start: number;
  /** The offset at which the contents start, after the tag and the length. */
  readonly contents: number;
  /** The offset at which the contents end. */
  readonly end: number;
  /** The elements in a constructed element. Empty for a primitive element. */
  readonly children: readonly DerElement[];
}
