import { expect, test } from 'vitest'
import { undoChange } from './undo.ts'

const CASES: [string, unknown, unknown, unknown, unknown][] = [
  ['nothing came after', { a: 1 }, { a: 2 }, { a: 2 }, { a: 1 }],
  ['another field came after', { a: 1 }, { a: 2 }, { a: 2, b: 3 }, { a: 1, b: 3 }],
  ['a field was added', {}, { a: 2 }, { a: 2, b: 3 }, { b: 3 }],
  ['a field was removed', { a: 1 }, {}, { b: 3 }, { a: 1, b: 3 }],
  ['another item of a list', { l: [1, 1] }, { l: [2, 1] }, { l: [2, 5] }, { l: [1, 5] }],
  ['it is taken back already', { a: 1 }, { a: 2 }, { a: 1 }, { a: 1 }],
  ['the object was made', null, { a: 1 }, { a: 1 }, null],
  ['the object was deleted', { a: 1 }, null, null, { a: 1 }],
]

test.each(CASES)('%s', (_name, before, after, current, expected) => {
  expect(undoChange(before, after, current)).toEqual({ outcome: 'undone', value: expected })
})

test('where the same place was changed again, it is named and nothing is decided', () => {
  expect(undoChange({ a: { b: 1 } }, { a: { b: 2 } }, { a: { b: 3 } })).toEqual({ outcome: 'conflict', pointers: ['/a/b'] })
  expect(undoChange({ l: [1] }, { l: [1, 2] }, { l: [1, 2, 3] })).toEqual({ outcome: 'conflict', pointers: ['/l'] })
  expect(undoChange(null, { a: 1 }, { a: 2 })).toEqual({ outcome: 'conflict', pointers: [''] })
})
