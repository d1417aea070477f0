import { expect, test } from 'vitest'
import { compareVersions } from './compare-versions.ts'

const runs = (name: string, version: string) => ({ typeUrl: 'C', name, version, since: '' })

test('what differs comes first: another version, what is missing, what nobody sent; of types that Envoy tells no versions of, nothing', () => {
  const sent = [{ typeUrl: 'C', name: 'untold', acked: '5' }, { typeUrl: 'C', name: 'same', acked: '1' }, { typeUrl: 'C', name: 'older', acked: '2' }, { typeUrl: 'C', name: 'gone', acked: '3' }, { typeUrl: 'C', name: 'refused', acked: null }, { typeUrl: 'E', name: 'same', acked: '4' }]
  expect(compareVersions(sent, [runs('same', '1'), runs('older', '1'), runs('strange', '9'), runs('untold', '')])).toEqual([
    { typeUrl: 'C', name: 'older', taken: '2', runs: '1', isSame: false },
    { typeUrl: 'C', name: 'gone', taken: '3', runs: null, isSame: false },
    { typeUrl: 'C', name: 'strange', taken: null, runs: '9', isSame: false },
    { typeUrl: 'C', name: 'untold', taken: '5', runs: '', isSame: true },
    { typeUrl: 'C', name: 'same', taken: '1', runs: '1', isSame: true },
  ])
})
