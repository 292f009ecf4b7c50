// The command line as a process of its own, with no setting of this machine.
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const MAIN = join(dirname(fileURLToPath(import.meta.url)), '../../src/cli/main.ts')

export function tutti(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
) {
  const env: Record<string, string> = { PATH: process.env.PATH ?? '', ...options.env }
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env,
      cwd: options.cwd ?? tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}
