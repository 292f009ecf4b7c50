// Under the name by which the files of the catalog know it.
export { createPace, nextTurn, type Pace } from '../util/pace.ts'
