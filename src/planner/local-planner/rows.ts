// Several calls told at once: "Tokyo and Paris", "5, 10 and 15", or statement beside statement ("120 km in 5 hours ... 150 km in 6
// hours"). Each input has a column of values in the order of the text; columns of one length belong together line by line.
import type { JsonValue } from '../../contracts/json.ts'
import type { Clause, RequestText } from './text.ts'
import type { Value } from './values.ts'
import { suits, type Wish } from './wish.ts'

interface Cell {
  /** The token it begins at. */
  readonly at: number
  readonly value: JsonValue
  readonly list?: number
}

/** What one of the calls gives instead of what the first one gives. */
export type Instead = ReadonlyMap<string, JsonValue>

export interface RowOptions {
  readonly wishes: readonly Wish[]
  readonly inputs: ReadonlyMap<string, { readonly value: JsonValue; readonly source?: Value }>
  readonly clause: Clause
  readonly request: RequestText
  /** The input that a value speaks of, where nothing took it. */
  readonly meantBy: (value: Value) => Wish | undefined
}

const MAX_CALLS = 16

/** The values of every call, the first included; none where there is only one call, or where the columns do not fit together. */
export function findRows(options: RowOptions): readonly Instead[] {
  const columns = [...columnsOf(options)].filter(([, cells]) => cells.length > 1)
  if (columns.length === 0) return []
  const inRow = columns.filter(([, cells]) => cells.every(({ list }) => list !== undefined && list === cells[0]?.list))
  const isSameLength = columns.every(([, cells]) => cells.length === columns[0]?.[1].length)
  const lists = new Set(inRow.map(([, cells]) => cells[0]?.list))
  // Two inputs that share one row take their part of it each: "from USD to EUR and GBP" is told otherwise.
  if (lists.size < inRow.length) return []
  // One column whose values stand apart may as well be other things of the same form.
  if (inRow.length === 0 && columns.length === 1) return []
  const isPaired = inRow.length < columns.length || /\brespectively\b/i.test(options.request.text)
  if (isSameLength && (columns.length === 1 || isPaired)) return zip(columns)
  return cross(inRow)
}

type Column = readonly [string, readonly Cell[]]

function zip(columns: readonly Column[]): Instead[] {
  const length = Math.min(MAX_CALLS, columns[0]?.[1].length ?? 0)
  return Array.from(
    { length },
    (_, k) => new Map(columns.flatMap(([name, cells]) => (cells[k] === undefined ? [] : [[name, cells[k].value]]))),
  )
}

/** "BRCA1 and BRCA2 in people and in mice": every one with every other. */
function cross(columns: readonly Column[]): Instead[] {
  let calls: Instead[] = columns.length === 0 ? [] : [new Map()]
  for (const [name, cells] of columns)
    calls = calls.flatMap((call) => cells.map(({ value }) => new Map([...call, [name, value]])))
  return calls.length > MAX_CALLS ? [] : calls
}

function columnsOf({ wishes, inputs, clause, request, meantBy }: RowOptions): Map<string, Cell[]> {
  const columns = new Map<string, Cell[]>()
  const taken = new Set([...inputs.values()].map(({ source }) => source))
  for (const wish of wishes) {
    const filled = inputs.get(wish.name)
    if (filled === undefined || wish.type === 'array') continue
    if (filled.source === undefined) {
      const mentions = wish.members.length > 0 ? mentionsOf(wish, clause, request) : []
      if (mentions.length > 1) columns.set(wish.name, mentions)
      continue
    }
    const { source } = filled
    const cells: Cell[] = [cellOf(source, filled.value)]
    for (const value of clause.values) {
      if (value === source || taken.has(value)) continue
      const isInRow = source.list !== undefined && value.list === source.list
      if (!isInRow && meantBy(value) !== wish) continue
      const form = suits(value, wish)
      if (form.score > 0) cells.push(cellOf(value, form.value))
    }
    columns.set(
      wish.name,
      cells.sort((a, b) => a.at - b.at),
    )
  }
  return columns
}

const cellOf = ({ from, list }: Value, value: JsonValue): Cell => ({
  at: from,
  value,
  ...(list !== undefined && { list }),
})

/** Members of one word, each where it is said. */
function mentionsOf({ members }: Wish, { from, to }: Clause, { tokens }: RequestText): Cell[] {
  const byWord = new Map(members.map((member) => [member.toLowerCase(), member]))
  return tokens.slice(from, to).flatMap(({ lower }, k) => {
    const member = byWord.get(lower)
    return member === undefined ? [] : [{ at: from + k, value: member }]
  })
}
