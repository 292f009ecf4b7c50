// The closing line of CI: how many tests passed and failed, with the other checks counted as one more each way.
import { readFileSync } from 'node:fs'

const [report, testsExit, verifyExit] = process.argv.slice(2)
let passed = 0
let failed = 0
let skipped = 0
try {
  const result = JSON.parse(readFileSync(report, 'utf8'))
  passed = result.numPassedTests
  failed = result.numFailedTests
  skipped = result.numPendingTests + result.numTodoTests
} catch {
  console.log('the tests left no report')
}
if (testsExit !== '0' && failed === 0) failed += 1
if (verifyExit === '0') passed += 1
else failed += 1
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exit(failed === 0 && passed > 1 ? 0 : 1)
