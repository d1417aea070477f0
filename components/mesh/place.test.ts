import { expect, test } from 'vitest'
import { printPlace } from './place.ts'

test.each([
  ['/spec/rules/0/matches/1/path/value', 'Rule 1, match 2, path value'],
  ['/spec/hostnames/0', 'Host name 1'],
  ['/metadata/name', 'Metadata name'],
  ['', 'The object'],
])('%s reads %s', (pointer, words) => expect(printPlace(pointer)).toBe(words))
