'use client'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { classes } from './classes.ts'

/** A table scrolls inside its card; it takes the keyboard only when there is something to scroll to. */
export function Table({ label, children, className }: { label: string; children: ReactNode; className?: string }) {
  const box = useRef<HTMLDivElement>(null)
  const [scrolls, setScrolls] = useState(false)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(() => setScrolls(element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return (
    <div ref={box} tabIndex={scrolls ? 0 : undefined} role={scrolls ? 'region' : undefined} aria-label={scrolls ? label : undefined} className={classes('relative overflow-x-auto', className)}>
      <table aria-label={label} className="w-full border-collapse text-base [&_tbody_tr:last-child>td]:border-b-0">{children}</table>
    </div>
  )
}

export function Th({ children, right, sorted, onSort }: { children?: ReactNode; right?: boolean; sorted?: 'ascending' | 'descending' | null; onSort?: () => void }) {
  return (
    <th scope="col" aria-sort={sorted ?? undefined} className={classes('border-b border-line px-2.5 py-2 text-xs leading-none font-medium whitespace-nowrap text-faint', right ? 'text-right' : 'text-left')}>
      {onSort ? (
        <button type="button" onClick={onSort} className={classes('-mx-1 inline-flex items-center gap-1 rounded-sm px-1 py-0.5 hover:text-text', sorted && 'text-text')}>
          {children}
          <span aria-hidden className="w-2">{sorted === 'ascending' ? '↑' : sorted === 'descending' ? '↓' : ''}</span>
        </button>
      ) : (
        children
      )}
    </th>
  )
}

export function Td({ children, right, muted, wrap, className, colSpan }: { children?: ReactNode; right?: boolean; muted?: boolean; wrap?: boolean; className?: string; colSpan?: number }) {
  return (
    <td colSpan={colSpan} className={classes('border-b border-line px-2.5 py-[7px]', !wrap && 'whitespace-nowrap', right && 'text-right tabular-nums', muted && 'text-muted', className)}>
      {children}
    </td>
  )
}

export interface Column<T> {
  id: string
  header: ReactNode
  cell: (row: T) => ReactNode
  right?: boolean
  muted?: boolean
  wrap?: boolean
  /** What to sort by; without it the column does not sort. Null sorts last. */
  sortBy?: (row: T) => number | string | null
}

export interface Sort {
  column: string
  descending: boolean
}

/** Rows of one kind. Sorting is the caller's when `sort` and `onSort` are given (to keep it in the URL), else its own. */
export function DataTable<T>({ label, columns, rows, rowKey, sort: given, onSort, firstSort, onRow, selected, empty }: {
  label: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  rowKey: (row: T) => string
  sort?: Sort | null
  onSort?: (sort: Sort) => void
  firstSort?: Sort
  onRow?: (row: T) => void
  selected?: string | null
  /** Shown instead of rows; say which kind of empty. */
  empty?: ReactNode
}) {
  const [own, setOwn] = useState<Sort | null>(firstSort ?? null)
  const sort = given === undefined ? own : given
  if (rows.length === 0 && empty) return <>{empty}</>
  const choose = (column: string) => (onSort ?? setOwn)({ column, descending: sort?.column === column ? !sort.descending : false })
  return (
    <Table label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Th key={column.id} right={column.right} sorted={sort?.column === column.id ? (sort.descending ? 'descending' : 'ascending') : null} onSort={column.sortBy && (() => choose(column.id))}>
              {column.header}
            </Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sortRows(rows, columns.find((column) => column.id === sort?.column)?.sortBy, sort?.descending ?? false).map((row) => {
          const key = rowKey(row)
          return (
            <tr key={key} onClick={onRow && (() => onRow(row))} aria-selected={selected === key || undefined} className={classes(onRow && 'cursor-pointer', selected === key ? 'bg-accent-soft' : 'hover:bg-ground')}>
              {columns.map((column) => (
                <Td key={column.id} right={column.right} muted={column.muted} wrap={column.wrap}>{column.cell(row)}</Td>
              ))}
            </tr>
          )
        })}
      </tbody>
    </Table>
  )
}

/** Stable; rows without a value come last in either direction. */
export function sortRows<T>(rows: readonly T[], by: Column<T>['sortBy'], descending: boolean): readonly T[] {
  if (!by) return rows
  const direction = descending ? -1 : 1
  return rows.toSorted((a, b) => {
    const [left, right] = [by(a), by(b)]
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1
    if (typeof left === 'string' || typeof right === 'string') return direction * String(left).localeCompare(String(right), 'en', { numeric: true })
    return direction * (left - right)
  })
}
