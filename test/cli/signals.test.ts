import { spawn } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
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

async function folder(): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-signals-'))
  await writeFile(join(cwd, 'deaf.cjs'), DEAF)
  const command = JSON.stringify(process.execPath)
  await writeFile(
    join(cwd, 'tutti.config.yaml'),
    `sources: {mcpServers: {deaf: {command: ${command}, args: [deaf.cjs], cwd: ${JSON.stringify(cwd)}}}}`,
  )
  return cwd
}

function start(args: readonly string[], cwd: string) {
  const env = { PATH: process.env.PATH ?? '' }
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code))
  })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  return { child, ended, said: () => err }
}

const deafIn = (cwd: string): Promise<number> =>
  vi.waitFor(async () => Number(await readFile(join(cwd, 'pid'), 'utf8')), 10_000)
/** Nobody but the system is left to take note of its end, which may take a while. */
const isGone = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), 10_000)

describe('a signal, while a server that was started does not notice anything', () => {
  it.concurrent.each([
    ['SIGINT', ['ask', 'What is there?']],
    ['SIGTERM', ['catalog', 'list']],
    ['SIGHUP', ['doctor']],
  ] as const)('%s ends %j at once, and the server with it', async (signal, args) => {
    const cwd = await folder()
    const { child, ended } = start(args, cwd)
    const pid = await deafIn(cwd)
    child.kill(signal)
    expect(await ended).toBe(signal)
    await isGone(pid)
  })

  it.concurrent.each(['SIGINT', 'SIGTERM'] as const)('%s lets `serve` end in order', async (signal) => {
    const cwd = await folder()
    const { child, ended, said } = start(['serve', '--port', '0'], cwd)
    const pid = await deafIn(cwd)
    await vi.waitFor(() => expect(said()).toContain('"listening"'), 10_000)
    child.kill(signal)
    expect(await ended).toBe(0)
    expect(said()).toContain('"stopped"')
    await isGone(pid)
  })
})
