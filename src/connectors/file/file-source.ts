// Components that a file lists (YAML or JSON), for those that register nowhere. People write it, so what is wrong is said
// with line and column; one wrong component is left out, the others are found.
import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import type { Component } from '../../contracts/capability.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { Invoker, Logger, Source } from '../../contracts/parts.ts'
import { fileTrouble } from '../../util/file-trouble.ts'
import { readComponentEntry } from './read-component-entry.ts'

/** Which file lists the components, and what may be done with them. */
export interface FileSourceOptions {
  /** The file: `{components: [{name, kind, address, capabilities: [...]}]}` in snake_case. */
  readonly path: string
  /** Calls what the file lists; closed with the source. */
  readonly invoker: Invoker
  /** Default: the name of the file. */
  readonly name?: string
  readonly log?: Logger
}

type Position = (path: readonly PropertyKey[]) => string

interface ParsedFile {
  readonly value: unknown
  /** `line:column` of a place in the document, or of the nearest one around it. */
  readonly position: Position
}

async function parseFile(text: string, file: string): Promise<ParsedFile> {
  const { isNode, LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const positionAt = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset)
    return `${line}:${col}`
  }
  const [error] = document.errors
  if (error !== undefined) {
    throw new TuttiError('source_failed', `${file}:${positionAt(error.pos[0])}: ${error.message}`)
  }
  const position: Position = (path) => {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return positionAt(node.range[0])
    }
    return '1:1'
  }
  return { value: document.toJS(), position }
}

/** The value of `components`, if there is nothing beside it. */
function componentEntries(value: unknown, file: string): readonly unknown[] {
  const isObject = typeof value === 'object' && value !== null
  if (!isObject || !('components' in value) || !Array.isArray(value.components)) {
    throw new TuttiError('source_failed', `${file}: there is no list "components". Write {components: [{name, ...}]}.`)
  }
  return value.components
}

/**
 * The components of a file; loaded again when it changes.
 *
 * `load` throws TuttiError `source_failed` when the file cannot be read or parsed, or none of its entries is a component.
 * @example createFileSource({ path: 'components.yaml', invoker: createHttpInvoker({}) })
 */
export function createFileSource({ path, invoker, log, ...options }: FileSourceOptions): Source {
  const fullPath = resolve(path)
  const file = basename(path)
  const name = options.name ?? file
  let last: { readonly text: string; readonly components: readonly Component[] } | undefined

  const readText = async (signal: AbortSignal): Promise<string> => {
    try {
      return await readFile(fullPath, { encoding: 'utf8', signal })
    } catch (thrown) {
      throw new TuttiError('source_failed', `The file "${path}" cannot be read: ${fileTrouble(thrown)}.`, {
        cause: thrown,
      })
    }
  }

  const read = async (text: string): Promise<readonly Component[]> => {
    const { value, position } = await parseFile(text, file)
    const components: Component[] = []
    const problems: string[] = []
    for (const [i, entry] of componentEntries(value, file).entries()) {
      const result = readComponentEntry(entry, name)
      if ('component' in result) components.push(result.component)
      else {
        for (const problem of result.problems) {
          problems.push(`${file}:${position(['components', i, ...problem.path])}: ${problem.message}`)
        }
      }
    }
    if (components.length === 0 && problems.length > 0) throw new TuttiError('source_failed', problems.join(' '))
    for (const problem of problems) log?.warn(`A component is left out: ${problem}`, { source: name })
    return Object.freeze(components)
  }

  return {
    discovery: {
      name,
      async load(signal) {
        const text = await readText(signal)
        if (last?.text !== text) last = { text, components: await read(text) }
        return last.components
      },
      watch(changed) {
        // The directory, since editors put a new file in the place of the old one.
        const watcher = watch(dirname(fullPath), { persistent: false }, (_event, changedFile) => {
          if (changedFile === null || changedFile === file) changed()
        })
        watcher.on('error', (error) => log?.warn(`The file "${path}" is no longer watched: ${error.message}`))
        return () => watcher.close()
      },
    },
    invoker,
  }
}
