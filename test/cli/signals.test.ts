import { spawn } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { MAIN } from './process.ts'

/** Says nothing, and does not notice that nobody speaks to it any more. */
const DEAF = `
const { writeFileSync } = require('node:fs')
writeFileSync('pid.part', String(process.pid))
require('node:fs').renameSync('pid.part', 'pid')
process.on('SIGTERM', () => {})
setInterval(() => {}, 1_000)
`

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a signal while the sources are still being connected', () => {
  it.each([
    ['SIGINT', ['ask', 'What is there?']],
    ['SIGTERM', ['catalog', 'list']],
    ['SIGHUP', ['doctor']],
    ['SIGHUP', ['serve', '--port', '0']],
  ] as const)('%s ends %j at once, and with it the servers that it started', async (signal, args) => {
    const cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-signals-'))
    await writeFile(join(cwd, 'deaf.cjs'), DEAF)
    const command = JSON.stringify(process.execPath)
    await writeFile(
      join(cwd, 'tutti.config.yaml'),
      `sources: {mcpServers: {deaf: {command: ${command}, args: [deaf.cjs], cwd: ${JSON.stringify(cwd)}}}}`,
    )
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { PATH: process.env.PATH ?? '' },
      stdio: 'ignore',
    })
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
    const pid = await vi.waitFor(async () => Number(await readFile(join(cwd, 'pid'), 'utf8')), 10_000)
    expect(isAlive(pid)).toBe(true)
    child.kill(signal)
    expect(await ended).toBe(128 + constants.signals[signal])
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false))
  })
})
