// Everything that must hold before a change lands, as one command. `--without-tests` leaves the tests to the caller.
import { spawnSync } from 'node:child_process'

const steps = [
  ['types', 'npm', ['run', '--silent', 'check:types']],
  ['lint', 'npm', ['run', '--silent', 'check:lint']],
  ['format', 'npm', ['run', '--silent', 'check:format']],
  ['rooms', 'npm', ['run', '--silent', 'check:rooms']],
  ['build', 'npm', ['run', '--silent', 'build']],
  ['package', 'npm', ['run', '--silent', 'check:package']],
  ...(process.argv.includes('--without-tests') ? [] : [['tests', 'npm', ['test', '--silent']]]),
]
const failed = []
for (const step of steps) {
  const name = String(step[0])
  const command = String(step[1])
  const args = [step[2]].flat()
  const begun = Date.now()
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  const seconds = ((Date.now() - begun) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
  if (status !== 0) failed.push(name)
}
console.log(
  `verify: ${steps.length - failed.length} passed, ${failed.length} failed${failed.length > 0 ? ` (${failed.join(', ')})` : ''}`,
)
process.exit(failed.length === 0 ? 0 : 1)
