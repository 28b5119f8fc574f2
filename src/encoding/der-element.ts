/** One element: where it starts, where its contents start, where both end, and what it holds. */
export interface DerElement {
  /** The identifier octet (X.690 §8.1.2): class, constructed bit, and the tag number up to 30. */
  readonly tag: number;
  readonly tagNumber: number;
  readonly start: number;
  readonly contents: number;
  readonly end: number;
  /** The elements in a constructed element; a primitive one has none. */
  readonly children: readonly DerElement[];
}
