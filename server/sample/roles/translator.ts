import { serveA2A } from '../a2a-server.ts'
import { currentRequest } from '../current-request.ts'
import type { MountRole } from './role.ts'

/** The one role that says its version: from its own start argument, so that a split can be measured from outside. */
export const mountTranslator: MountRole = ({ app, options, member, askModel }) => {
  app.use((_request, _response, next) => {
    const store = currentRequest.getStore()
    if (store) store.versionSeen = options.version
    next()
  })
  const style = options.version === 'v1' ? 'Translate word by word.' : 'Translate freely and keep the register formal.'
  serveA2A(app, member, options.version, (text, contextId) => askModel(`You translate. ${style}`, text, contextId))
}
