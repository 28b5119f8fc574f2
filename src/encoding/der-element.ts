/** One element: where it starts, where its contents start, where both end, and what it holds. */
export interface DerElement {
  /** The identifier octet: class, constructed bit, and the tag number up to 30. */
  readonly identifier: number;
  readonly tagNumber: number;
  readonly start: number;
  readonly contents: number;
  readonly end: number;
  /** The elements in a constructed element; a primitive one has none. */
  readonly children: readonly DerElement[];
}
