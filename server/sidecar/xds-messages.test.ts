import { expect, test } from 'vitest'
import { field, readFields } from './wire.ts'
import { envelope, readDeltaRequest, readDeltaResponse, readSotwRequest, TYPE, writeDeltaResponse } from './xds-messages.ts'

test('a delta response survives being kept, byte for byte', () => {
  const resource = { name: 'default/loom/v1', version: 'abc', envelope: envelope('default/loom/v1', 'abc', TYPE.cluster, Buffer.from([0xff, 0])) }
  const response = { typeUrl: TYPE.cluster, nonce: '7', resources: [resource], removed: ['gone'] }
  expect(readDeltaResponse(writeDeltaResponse(response))).toEqual(response)
})

test('fields of other wire types are stepped over', () => {
  const node = field(1, 'x'.repeat(300))
  const number = Buffer.from([0x48, 0xff, 0xff, 0x01]) // field 9, a varint
  const fixed = Buffer.from([0x55, 1, 2, 3, 4, 0x59, 1, 2, 3, 4, 5, 6, 7, 8]) // fields 10 and 11
  const pair = field(5, Buffer.concat([field(1, 'default/loom/v1'), field(2, 'abc')]))
  const request = readDeltaRequest(Buffer.concat([node, number, field(2, TYPE.cluster), fixed, field(3, 'a'), field(4, 'b'), pair, field(6, '3'), field(7, 'bad')]))
  expect(request).toEqual({ typeUrl: TYPE.cluster, subscribe: ['a'], unsubscribe: ['b'], initialVersions: new Map([['default/loom/v1', 'abc']]), responseNonce: '3', refused: true })
  expect(readSotwRequest(Buffer.concat([field(3, 'identity'), field(5, '1')]))).toEqual({ names: ['identity'], responseNonce: '1', refused: false })
})

test.each([['cut short', Buffer.from([0x0a, 5, 1])], ['endless number', Buffer.from([0xff, 0xff])], ['a group', Buffer.from([0x0b])]])('%s is refused', (_, bytes) => {
  expect(() => [...readFields(bytes)]).toThrow(RangeError)
})
