import { useEffect, useRef, useState } from 'preact/hooks';
import type { EvidencePart } from '../explain/bytes/evidence-part.js';
import { contains } from './part-paths.js';

interface HexViewProps {
  readonly bytes: Uint8Array;
  /** The selected part. */
  readonly part: EvidencePart;
  /** Whether the bytes of the part are highlighted. */
  readonly isLit: boolean;
  readonly onByte: (offset: number) => void;
}

const PER_ROW = 16;
/** The height of a row in CSS pixels, as in page.css. */
const ROW_HEIGHT = 22;
/** The number of additional rows in the document: above the visible rows, and below them. */
const MARGIN = 8;

/** The bytes in hex and as ASCII. Only the visible rows are in the document, because 64 KiB are 4096 rows. */
export function HexView({ bytes, part, isLit, onByte }: HexViewProps) {
  const view = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(440);
  const [cursor, setCursor] = useState(0);
  const rows = Math.ceil(bytes.length / PER_ROW);
  const first = Math.max(Math.floor(top / ROW_HEIGHT) - MARGIN, 0);
  const last = Math.min(Math.ceil((top + height) / ROW_HEIGHT) + MARGIN, rows);

  const show = (offset: number): void => {
    const element = view.current;
    if (!element) return;
    const row = Math.floor(offset / PER_ROW) * ROW_HEIGHT;
    const isVisible = row >= element.scrollTop && row + ROW_HEIGHT <= element.scrollTop + element.clientHeight;
    if (!isVisible) element.scrollTop = Math.max(row - ROW_HEIGHT * 2, 0);
  };
  useEffect(() => {
    const start = part.ranges[0]?.start ?? 0;
    if (!contains(part, cursor)) setCursor(start);
    if (!contains(part, cursor)) show(start);
    if (view.current) setHeight(view.current.clientHeight);
  }, [part]);

  const select = (offset: number): void => {
    const kept = Math.min(Math.max(offset, 0), bytes.length - 1);
    setCursor(kept);
    show(kept);
    onByte(kept);
  };
  const press = (event: KeyboardEvent): void => {
    const step = STEPS.get(event.key);
    const target = event.key === 'Home' ? 0 : event.key === 'End' ? bytes.length : step && cursor + step;
    if (target === undefined) return;
    event.preventDefault();
    select(target);
  };

  return (
    <div
      class="hex"
      ref={view}
      role="group"
      tabIndex={0}
      aria-label="Bytes. The arrow keys select a byte and its part."
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
      onKeyDown={press}
      onClick={({ target }) => {
        const { offset } = target instanceof HTMLElement ? target.dataset : {};
        if (offset !== undefined) select(Number(offset));
      }}
    >
      <div style={{ height: `${rows * ROW_HEIGHT}px` }}>
        <div style={{ transform: `translateY(${first * ROW_HEIGHT}px)` }}>
          {Array.from({ length: Math.max(last - first, 0) }, (_, index) => {
            const start = (first + index) * PER_ROW;
            return <HexRow key={start} start={start} bytes={bytes} part={part} isLit={isLit} cursor={cursor} />;
          })}
        </div>
      </div>
    </div>
  );
}

const STEPS: ReadonlyMap<string, number> = new Map([
  ['ArrowLeft', -1],
  ['ArrowRight', 1],
  ['ArrowUp', -PER_ROW],
  ['ArrowDown', PER_ROW],
  ['PageUp', -PER_ROW * 16],
  ['PageDown', PER_ROW * 16],
]);

interface HexRowProps {
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly part: EvidencePart;
  readonly isLit: boolean;
  readonly cursor: number;
}

function HexRow({ start, bytes, part, isLit, cursor }: HexRowProps) {
  const offsets = Array.from(bytes.subarray(start, start + PER_ROW), (_, index) => start + index);
  const nameOf = (offset: number): string => {
    return `${isLit && contains(part, offset) ? 'lit' : ''}${offset === cursor ? ' cursor' : ''}`;
  };
  return (
    <div class="row">
      <span class="offset">{start.toString(16).padStart(4, '0')}</span>
      <span class="octets">
        {offsets.map((offset) => (
          <span key={offset} class={nameOf(offset)} data-offset={offset}>
            {(bytes[offset] ?? 0).toString(16).padStart(2, '0')}
          </span>
        ))}
      </span>
      <span class="ascii" aria-hidden="true">
        {offsets.map((offset) => (
          <span key={offset} class={nameOf(offset)} data-offset={offset}>
            {asciiOf(bytes[offset] ?? 0)}
          </span>
        ))}
      </span>
    </div>
  );
}

function asciiOf(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}
