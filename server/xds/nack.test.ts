import { expect, test } from 'vitest'
import { cleanReason, namedIn } from './nack.ts'

test.each([
  ['a key goes', 'bad -----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY----- end', 'bad [PEM removed] end'],
  ['a key with escaped line ends goes', 'bad "-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----\\n"', 'bad "[PEM removed]\n"'],
  ['a key that was cut off goes to the end', 'bad -----BEGIN PRIVATE KEY-----\nabc', 'bad [PEM removed]'],
  ['the dump of the message goes', 'Error adding/updating cluster(s) a: no such thing: goo.gle/debugonly   \nname: "a"', 'Error adding/updating cluster(s) a: no such thing'],
  ['control characters go', 'a\u0000b\u001bc', 'a b c'],
])('%s', (_, said, clean) => {
  expect(cleanReason(said)).toBe(clean)
})

test.each([
  ['Error adding/updating cluster(s) default/a/v1: no such thing', ['default/a/v1', 'default/a/v10'], ['default/a/v1']],
  ["Error adding/updating listener(s) in: cannot bind, out.b: cannot bind", ['in', 'out.b', 'outxb'], ['in', 'out.b']],
  ['something else', ['a', 'b'], null],
])('of %j the names are found', (reason, names, found) => {
  expect(namedIn(reason, names)).toEqual(found)
})
