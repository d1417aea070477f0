import { diffLines, type DiffRow } from './line-diff.ts'

/** Two texts side by side; on a narrow screen the old form stands above the new one of each line. */
export function DiffView({ before, after, names = ['now', 'after'], context = 3 }: { before: string; after: string; names?: readonly [string, string]; context?: number }) {
  const rows = diffLines(before, after, context)
  if (rows.every((row) => row.kind !== 'changed')) return <p className="text-muted">Nothing differs.</p>
  return (
    <div className="overflow-hidden rounded-md border border-line font-mono text-xs leading-[1.65]" role="table" aria-label={`${names[0]} beside ${names[1]}`}>
      <div role="row" className="hidden grid-cols-2 border-b border-line text-faint md:grid">
        {names.map((name, index) => <span key={name} role="columnheader" className={`px-3 py-1 font-sans ${index ? 'border-l border-line' : ''}`}>{name}</span>)}
      </div>
      <div role="rowgroup" className="max-h-[56vh] overflow-auto py-1" tabIndex={0} aria-label="Lines">
        {rows.map((row, index) => <Row key={index} row={row} />)}
      </div>
    </div>
  )
}

function Row({ row }: { row: DiffRow }) {
  if (row.kind === 'folded') {
    return <div role="row"><span role="cell" className="block bg-sunken px-3 font-sans text-faint">{row.lines === 1 ? '1 line the same' : `${row.lines} lines the same`}</span></div>
  }
  const changed = row.kind === 'changed'
  return (
    <div role="row" className="grid md:grid-cols-2">
      <Line text={row.left} tone={changed && row.left !== null ? 'removed' : 'plain'} />
      <Line text={row.right} tone={changed && row.right !== null ? 'added' : 'plain'} second={!changed} />
    </div>
  )
}

const TONES = { removed: 'bg-bad-soft text-bad before:content-["−"]', added: 'bg-ok-soft text-ok before:content-["+"]', plain: 'before:content-["_"] before:invisible' }

function Line({ text, tone, second }: { text: string | null; tone: keyof typeof TONES; second?: boolean }) {
  const hidden = text === null || second
  return <span role="cell" className={`min-w-0 whitespace-pre-wrap break-words px-3 before:mr-2 md:border-line md:[&+&]:border-l ${TONES[tone]} ${hidden ? 'max-md:hidden' : ''}`}>{text ?? ''}</span>
}
