import { readFileSync } from 'node:fs'
import { createFileRegistry, fromBinary, type FileRegistry } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

let loaded: FileRegistry | undefined

/** Descriptors of Envoy's v3 API (see build.ts), read on first use: about 0.1 s. */
export function envoyApi(): FileRegistry {
  loaded ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(new URL('envoy.binpb', import.meta.url))))
  return loaded
}
