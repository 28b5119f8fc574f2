/** One element, as offsets: `start` of the element, start of its `contents`, and the `end` of both. */
export interface DerElement {
  /** The identifier octet (X.690 §8.1.2): class, constructed bit, and tag number up to 30. */
  readonly tag: number;
  readonly tagNumber: number;
  readonly start: number;
  readonly contents: number;
  readonly end: number;
  /** The elements in a constructed element; empty for a primitive one. */
  readonly children: readonly DerElement[];
}
