// The stories in the order in which they are told, over one Heddle: first those that only look, two at a time; the last removes the fleet
// that the others look at.
import { afterAll } from 'vitest'
import './find.stories.ts'
import './graph.stories.ts'
import './pages.stories.ts'
import './agents.stories.ts'
import './capabilities.stories.ts'
import './split.stories.ts'
import './routes.stories.ts'
import './policies.stories.ts'
import './objectives.stories.ts'
import './operate.stories.ts'
import './privacy.stories.ts'
import './rotation.stories.ts'
import './pictures.stories.ts'
import './hostile.stories.ts'
import './fleet.stories.ts'
import './farewell.stories.ts'
import { closeBrowser } from './person.ts'

afterAll(closeBrowser)
