import { useEffect, useState } from 'preact/hooks';
import type { EvidencePart } from '../explain/bytes/evidence-part.js';
import { HexView } from './hex-view.jsx';
import { ancestorsOf, type PartPath, partAtPath, pathAt, pathText } from './part-paths.js';
import { PartTree } from './part-tree.jsx';

interface EvidenceViewProps {
  readonly bytes: Uint8Array;
  readonly map: EvidencePart;
}

/** The object as a tree beside its bytes. Selecting a part highlights its bytes. Selecting a byte selects its part. */
export function EvidenceView({ bytes, map }: EvidenceViewProps) {
  const [selected, setSelected] = useState<PartPath>('');
  const [expanded, setExpanded] = useState<ReadonlySet<PartPath>>(() => initiallyExpanded(map));
  useEffect(() => {
    setSelected('');
    setExpanded(initiallyExpanded(map));
  }, [map]);

  const part = partAtPath(map, selected);
  const selectByte = (offset: number): void => {
    const path = pathAt(map, offset);
    setExpanded((before) => new Set([...before, ...ancestorsOf(path)]));
    setSelected(path);
  };
  const length = part.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const [range] = part.ranges;
  return (
    <section aria-labelledby="object">
      <h2 id="object">Object</h2>
      <p class="selection" role="status">
        <strong>{pathText(map, selected)}</strong>
        {range && ` · offset ${range.start}, ${length} ${length === 1 ? 'byte' : 'bytes'}`}
        {part.value !== undefined && selected !== '' && (
          <>
            {' '}
            · <code>{part.value}</code>
          </>
        )}
      </p>
      <div class="object">
        <PartTree
          root={map}
          selected={selected}
          expanded={expanded}
          onSelect={setSelected}
          onToggle={(path) => setExpanded((before) => toggled(before, path))}
        />
        <HexView bytes={bytes} part={part} isLit={selected !== ''} onByte={selectByte} />
      </div>
    </section>
  );
}

/** The outermost object and its fields. */
function initiallyExpanded(map: EvidencePart): ReadonlySet<PartPath> {
  const fields = map.children.map((_, index) => String(index));
  return new Set(['', ...fields]);
}

function toggled(paths: ReadonlySet<PartPath>, path: PartPath): ReadonlySet<PartPath> {
  const changed = new Set(paths);
  if (!changed.delete(path)) changed.add(path);
  return changed;
}
