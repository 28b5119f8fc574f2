import { useEffect, useRef } from 'preact/hooks';
import type { EvidencePart } from '../explain/bytes/evidence-part.js';
import { ancestorsOf, type PartPath, type ShownPart, shownParts } from './part-paths.js';

interface PartTreeProps {
  readonly root: EvidencePart;
  readonly selected: PartPath;
  readonly expanded: ReadonlySet<PartPath>;
  readonly onSelect: (path: PartPath) => void;
  readonly onToggle: (path: PartPath) => void;
}

/**
 * The parts of evidence as a tree with the keys of the ARIA tree pattern.
 *
 * @see https://www.w3.org/WAI/ARIA/apg/patterns/treeview/
 */
export function PartTree({ root, selected, expanded, onSelect, onToggle }: PartTreeProps) {
  const parts = shownParts(root, expanded);
  const tree = useRef<HTMLUListElement>(null);
  const isShown = parts.some(({ path }) => path === selected);
  const focusable = isShown ? selected : '';

  useEffect(() => {
    const item = tree.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!item || !tree.current) return;
    // Only the tree scrolls, not the page.
    scrollInto(tree.current, item);
    if (tree.current.contains(document.activeElement)) item.focus({ preventScroll: true });
  }, [selected]);

  const press = (event: KeyboardEvent): void => {
    const index = parts.findIndex(({ path }) => path === focusable);
    const current = parts[index];
    if (!current) return;
    const next = targetOf(event.key, index, parts, expanded);
    if (next === undefined) return;
    event.preventDefault();
    if (next === 'toggle') onToggle(current.path);
    else onSelect(next);
  };

  return (
    <ul class="tree" role="tree" aria-label="Parts of the object" ref={tree} onKeyDown={press}>
      {parts.map(({ path, part, level, position, siblings }) => {
        const hasParts = part.children.length > 0;
        return (
          <li
            key={path}
            role="treeitem"
            class={part.isMalformed ? 'malformed' : ''}
            aria-level={level}
            aria-posinset={position}
            aria-setsize={siblings}
            aria-selected={path === selected}
            {...(hasParts && { 'aria-expanded': expanded.has(path) })}
            tabIndex={path === focusable ? 0 : -1}
            data-path={path}
            style={{ paddingInlineStart: `${level * 0.9 - 0.5}rem` }}
            onClick={() => onSelect(path)}
            onDblClick={() => hasParts && onToggle(path)}
          >
            <span
              class="twist"
              aria-hidden="true"
              onClick={(event) => {
                if (!hasParts) return;
                event.stopPropagation();
                onToggle(path);
              }}
            >
              {hasParts ? (expanded.has(path) ? '▾' : '▸') : ''}
            </span>
            <span class="name">{part.name}</span>
            {part.value !== undefined && <span class="value">{part.value}</span>}
          </li>
        );
      })}
    </ul>
  );
}

/** Returns the part that a key moves to, or `'toggle'` if the key expands or collapses the current part. */
function targetOf(
  key: string,
  index: number,
  parts: readonly ShownPart[],
  expanded: ReadonlySet<PartPath>,
): PartPath | 'toggle' | undefined {
  const current = parts[index];
  const hasParts = current !== undefined && current.part.children.length > 0;
  const isExpanded = hasParts && expanded.has(current.path);
  switch (key) {
    case 'ArrowDown':
      return parts[index + 1]?.path;
    case 'ArrowUp':
      return parts[index - 1]?.path;
    case 'Home':
      return parts[0]?.path;
    case 'End':
      return parts.at(-1)?.path;
    case 'ArrowRight':
      if (!hasParts) return undefined;
      return isExpanded ? parts[index + 1]?.path : 'toggle';
    case 'ArrowLeft':
      return isExpanded ? 'toggle' : ancestorsOf(current?.path ?? '').at(-1);
    case 'Enter':
    case ' ':
      return hasParts ? 'toggle' : undefined;
    default:
      return undefined;
  }
}

function scrollInto(container: HTMLElement, item: HTMLElement): void {
  const top = item.offsetTop - container.offsetTop;
  if (top < container.scrollTop) container.scrollTop = top;
  const bottom = top + item.offsetHeight - container.clientHeight;
  if (bottom > container.scrollTop) container.scrollTop = bottom;
}
