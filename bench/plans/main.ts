// node bench/plans/main.ts: how plans are read, repaired and linked, and what the local planner finds, on public data sets.
import { hasData } from './data.ts'
import { measureParsing } from './defects.ts'
import { measureEdges } from './edges.ts'
import { measureLocalPlanner } from './local.ts'
import { measurePromptSize } from './prompt-size.ts'
import { measureRepairs } from './repairs.ts'

if (!hasData()) console.log('No data found: set TUTTI_BENCH_DATA to the directory of the data sets.')
else {
  console.log('## Reading\n')
  console.log(measureParsing().join('\n'))
  console.log('\n## Edges from references\n')
  console.log((await measureEdges()).join('\n'))
  console.log('\n## Repairs without a model\n')
  console.log((await measureRepairs()).join('\n'))
  console.log('\n## The local planner\n')
  console.log((await measureLocalPlanner()).join('\n'))
  console.log('\n## Size of the prompt\n')
  console.log((await measurePromptSize()).join('\n'))
}
