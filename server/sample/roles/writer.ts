import { serveA2A } from '../a2a-server.ts'
import type { MountRole } from './role.ts'

export const mountWriter: MountRole = ({ app, options, member, askModel }) => {
  serveA2A(app, member, options.version, (notes, contextId) => askModel('You write one short paragraph from the notes.', notes, contextId))
}
