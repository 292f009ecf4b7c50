// Everything that must hold before a change lands, as one command. `--without-tests` leaves the tests to the caller.
import { spawnSync } from 'node:child_process'

const scripts = [
  'check:types',
  'check:lint',
  'check:format',
  'check:rooms',
  'build',
  'check:package',
  ...(process.argv.includes('--without-tests') ? [] : ['test']),
]
const failed = []
for (const script of scripts) {
  const begun = Date.now()
  const { status } = spawnSync('npm', ['run', '--silent', script], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  const seconds = ((Date.now() - begun) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${script} (${seconds} s)`)
  if (status !== 0) failed.push(script)
}
console.log(
  `verify: ${scripts.length - failed.length} passed, ${failed.length} failed${failed.length > 0 ? ` (${failed.join(', ')})` : ''}`,
)
process.exit(failed.length === 0 ? 0 : 1)
