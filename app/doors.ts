import { answer } from '#components/api.ts'
import { api } from './api.server.ts'

/** Where agents and sidecars come in, by the name that the console is reached at. */
export function readDoors(): Promise<{ otlpHttp: string; otlpGrpc: string; control: string }> {
  return answer(api.doors.$get())
}
