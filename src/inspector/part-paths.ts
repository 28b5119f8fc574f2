import type { EvidencePart } from '../explain/bytes/evidence-part.js';

/** The path of a part in the tree: the index at each level, such as `1.0.2`. The path of the root is the empty text. */
export type PartPath = string;

/** A part that the tree shows. */
export interface ShownPart {
  readonly path: PartPath;
  readonly part: EvidencePart;
  /** 1 for the root. */
  readonly level: number;
  /** The position among the parts with the same parent, from 1. */
  readonly position: number;
  readonly siblings: number;
}

/** The parts whose parents are all expanded, in the order of the tree. */
export function shownParts(root: EvidencePart, expanded: ReadonlySet<PartPath>): readonly ShownPart[] {
  const shown: ShownPart[] = [];
  const walk = (part: EvidencePart, path: PartPath, level: number, position: number, siblings: number): void => {
    shown.push({ path, part, level, position, siblings });
    if (!expanded.has(path)) return;
    for (const [index, child] of part.children.entries()) {
      walk(child, childPath(path, index), level + 1, index + 1, part.children.length);
    }
  };
  walk(root, '', 1, 1, 1);
  return shown;
}

/** The smallest part that contains a byte. */
export function pathAt(root: EvidencePart, offset: number): PartPath {
  let path = '';
  let part = root;
  for (;;) {
    const index = part.children.findIndex((child) => contains(child, offset));
    const child = part.children[index];
    if (!child) return path;
    path = childPath(path, index);
    part = child;
  }
}

export function partAtPath(root: EvidencePart, path: PartPath): EvidencePart {
  const indexes = path === '' ? [] : path.split('.').map(Number);
  return indexes.reduce((part, index) => part.children[index] ?? part, root);
}

/** The names of a part and of at most two parts that contain it, such as `authData › counter`. */
export function pathText(root: EvidencePart, path: PartPath): string {
  const names = ancestorsOf(path).map((ancestor) => partAtPath(root, ancestor).name);
  return [...names, partAtPath(root, path).name].slice(-3).join(' › ');
}

/** The paths of all parts that contain a part, the root first. */
export function ancestorsOf(path: PartPath): readonly PartPath[] {
  if (path === '') return [];
  const indexes = path.split('.');
  return indexes.map((_, index) => indexes.slice(0, index).join('.'));
}

export function contains({ ranges }: EvidencePart, offset: number): boolean {
  return ranges.some(({ start, end }) => start <= offset && offset < end);
}

function childPath(path: PartPath, index: number): PartPath {
  return path === '' ? String(index) : `${path}.${index}`;
}
