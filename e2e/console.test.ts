// The stories that every change passes, over one Heddle with the sample fleet. All of them: `npx vitest run --project long`.
import { afterAll } from 'vitest'
import './find.stories.ts'
import { closeBrowser } from './person.ts'

afterAll(closeBrowser)
