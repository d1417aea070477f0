/** Lines side by side: the longest common subsequence, with the equal head and tail taken off first. */

export type DiffRow =
  | { kind: 'same'; left: string; right: string; leftLine: number; rightLine: number }
  | { kind: 'changed'; left: string | null; right: string | null; leftLine: number | null; rightLine: number | null }
  | { kind: 'folded'; lines: number }

/** Beyond this many differing lines a side, the middle is shown as replaced whole; the time stays small. */
const EDITS_MAX = 2000

export function diffLines(before: string, after: string, context = 3): DiffRow[] {
  const left = before === '' ? [] : before.replace(/\n$/, '').split('\n')
  const right = after === '' ? [] : after.replace(/\n$/, '').split('\n')
  return fold(pairUp(left, right, matches(left, right)), context)
}

/** Pairs of equal lines, in order. */
function matches(left: readonly string[], right: readonly string[]): [number, number][] {
  let head = 0
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1
  let tail = 0
  while (tail < Math.min(left.length, right.length) - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1
  const pairs: [number, number][] = Array.from({ length: head }, (_, index) => [index, index])
  for (const [a, b] of longest(left.slice(head, left.length - tail), right.slice(head, right.length - tail))) pairs.push([a + head, b + head])
  for (let index = tail; index > 0; index -= 1) pairs.push([left.length - index, right.length - index])
  return pairs
}

function longest(left: readonly string[], right: readonly string[]): [number, number][] {
  if (left.length === 0 || right.length === 0 || left.length > EDITS_MAX || right.length > EDITS_MAX) return []
  const width = right.length + 1
  const table = new Uint16Array((left.length + 1) * width)
  for (let a = left.length - 1; a >= 0; a -= 1) {
    for (let b = right.length - 1; b >= 0; b -= 1) {
      const here = a * width + b
      table[here] = left[a] === right[b] ? table[here + width + 1]! + 1 : Math.max(table[here + width]!, table[here + 1]!) // inside the table
    }
  }
  const pairs: [number, number][] = []
  for (let a = 0, b = 0; a < left.length && b < right.length; ) {
    if (left[a] === right[b]) pairs.push([a++, b++])
    else if (table[(a + 1) * width + b]! >= table[a * width + b + 1]!) a += 1
    else b += 1
  }
  return pairs
}

function pairUp(left: readonly string[], right: readonly string[], pairs: readonly [number, number][]): DiffRow[] {
  const rows: DiffRow[] = []
  let a = 0
  let b = 0
  for (const [nextA, nextB] of [...pairs, [left.length, right.length] as const]) {
    for (; a < nextA || b < nextB; ) {
      const hasLeft = a < nextA
      const hasRight = b < nextB
      rows.push({ kind: 'changed', left: hasLeft ? left[a]! : null, right: hasRight ? right[b]! : null, leftLine: hasLeft ? a + 1 : null, rightLine: hasRight ? b + 1 : null }) // inside both lists
      if (hasLeft) a += 1
      if (hasRight) b += 1
    }
    if (a < left.length && b < right.length) rows.push({ kind: 'same', left: left[a]!, right: right[b]!, leftLine: ++a, rightLine: ++b })
  }
  return rows
}

function fold(rows: readonly DiffRow[], context: number): DiffRow[] {
  const near = rows.map(() => false)
  rows.forEach((row, index) => {
    if (row.kind === 'changed') near.fill(true, Math.max(0, index - context), index + context + 1)
  })
  const folded: DiffRow[] = []
  rows.forEach((row, index) => {
    const last = folded.at(-1)
    if (near[index]) folded.push(row)
    else if (last?.kind === 'folded') last.lines += 1
    else folded.push({ kind: 'folded', lines: 1 })
  })
  return folded
}
