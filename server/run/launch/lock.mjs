// Two starts in one clone prepare it one after the other.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtime } from './root.mjs'
import { say } from './say.mjs'

const file = join(runtime, 'prepare.lock')

export async function underLock(work) {
  mkdirSync(runtime, { recursive: true })
  for (let told = false; !take(); told = true) {
    if (!told) say('another start is preparing this directory; waiting for it')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  try {
    return await work()
  } finally {
    release() // a start that a signal ended leaves the lock of a dead process, which the next one takes
  }
}

const release = () => rmSync(file, { force: true })

function take() {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!holderLives()) release() // the next try takes it
    return false
  }
}

function holderLives() {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
