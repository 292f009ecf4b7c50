// The API as users of the package meet it: every name is explained, and the declarations hold in a strict program.
import { join } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const ENTRIES = [
  'index',
  'component/index',
  'testing/index',
  'connectors/redis/index',
  'connectors/mcp/index',
  'connectors/openapi/index',
  'connectors/a2a/index',
  'server/index',
]
const entryFile = (entry: string): string => join(ROOT, 'src', `${entry}.ts`)
/** Declarations stand here in memory: below the root, so that packages are found. */
const DECLARATIONS = join(ROOT, '.declarations')

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  rewriteRelativeImportExtensions: true,
  types: ['node'],
}

const PROGRAM = `
import { createOrchestrator, createSimpleOrchestrator, tool, type OrchestratorOptions, type Response, type RunEvent } from './index.js'
import { capability, createComponent } from './component/index.js'
import { createScriptedModel, fakeSource } from './testing/index.js'
import { createRedisSource } from './connectors/redis/index.js'
import { createServer } from './server/index.js'
import { z } from 'zod'

const weather = tool({ name: 'weather', description: 'd', input: z.object({ city: z.string() }), execute: ({ city }, { signal }) => ({ city: city.trim(), aborted: signal.aborted }) })
const options: OrchestratorOptions = { tools: [weather], onEvent: (event: RunEvent) => event.type === 'step-end' && event.durationMs.toFixed() }
export async function main(): Promise<Response> {
  await using orchestrator = createOrchestrator(options)
  for await (const event of orchestrator.stream('x')) if (event.type === 'answer-delta') event.delta.trim()
  await createServer({ orchestrator, config: { server: { port: 0 } } })
  await createComponent({ name: 'c', capabilities: [capability({ name: 'n', description: 'd', input: z.object({ k: z.number() }), execute: ({ k }) => k.toFixed() })] }).start()
  createSimpleOrchestrator(createRedisSource({ url: 'redis://127.0.0.1' }), createScriptedModel({ synthesize: 'x' }))
  fakeSource({ name: 'f', capabilities: {} })
  // @ts-expect-error a number is no request
  void orchestrator.processRequest(5)
  return await orchestrator.processRequest('x')
}
`

let sources: ts.Program
beforeAll(() => {
  sources = ts.createProgram(ENTRIES.map(entryFile), {
    ...options,
    skipLibCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
    rootDir: join(ROOT, 'src'),
    outDir: DECLARATIONS,
  })
}, 60_000)

describe('every public export', () => {
  it.each(ENTRIES)('of %s has a sentence of its own', (entry) => {
    const checker = sources.getTypeChecker()
    const file = sources.getSourceFile(entryFile(entry))
    const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file)
    const exported = symbol === undefined ? [] : checker.getExportsOfModule(symbol)
    const silent = exported.filter((one) => {
      const real = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one
      return real.getDocumentationComment(checker).length === 0
    })
    expect(exported.length).toBeGreaterThan(0)
    expect(silent.map((one) => one.name)).toEqual([])
  })
})

describe('every contract', () => {
  it('that a public name refers to is public too, so that parts can be written against it', () => {
    const checker = sources.getTypeChecker()
    const meant = (one: ts.Symbol): ts.Symbol =>
      one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one
    const namesOf = (symbol: ts.Symbol | undefined): ts.Symbol[] =>
      symbol === undefined ? [] : checker.getExportsOfModule(symbol).map(meant)
    const fileOf = (path: string): ts.SourceFile | undefined => sources.getSourceFile(path)
    const shown = ENTRIES.flatMap((entry) => {
      const file = fileOf(entryFile(entry))
      return file === undefined ? [] : namesOf(checker.getSymbolAtLocation(file))
    })
    const isPublic = new Set(shown)
    const contracts = new Set(
      sources
        .getSourceFiles()
        .filter(({ fileName }) => fileName.startsWith(join(ROOT, 'src/contracts/')))
        .flatMap((file) => namesOf(checker.getSymbolAtLocation(file))),
    )
    const hidden = new Set<string>()
    for (const symbol of isPublic)
      for (const declaration of symbol.declarations ?? []) {
        const look = (node: ts.Node): void => {
          if (ts.isBlock(node)) return
          const name = ts.isTypeReferenceNode(node) ? checker.getSymbolAtLocation(node.typeName) : undefined
          const type = name === undefined ? undefined : meant(name)
          if (type !== undefined && contracts.has(type) && !isPublic.has(type))
            hidden.add(`${type.name} of ${symbol.name}`)
          ts.forEachChild(node, look)
        }
        look(declaration)
      }
    expect([...hidden]).toEqual([])
    expect(contracts.size).toBeGreaterThan(100)
  })
})

describe('the declarations', () => {
  it('hold in a strict program that checks libraries too, with the types of our dependencies only', {
    timeout: 60_000,
  }, () => {
    const files = new Map([[join(DECLARATIONS, 'program.ts'), PROGRAM]])
    sources.emit(undefined, (path, text) => files.set(path, text), undefined, true)
    const host = ts.createCompilerHost({ ...options, noEmit: true })
    const { fileExists, readFile, directoryExists } = host
    host.fileExists = (path) => files.has(path) || fileExists(path)
    host.readFile = (path) => files.get(path) ?? readFile(path)
    host.directoryExists = (path) => path.startsWith(DECLARATIONS) || directoryExists?.(path) === true
    const program = ts.createProgram([join(DECLARATIONS, 'program.ts')], { ...options, noEmit: true }, host)
    const ours = ts
      .getPreEmitDiagnostics(program)
      .filter(({ file }) => file === undefined || file.fileName.startsWith(DECLARATIONS))
    expect(
      ours.map(
        ({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      ),
    ).toEqual([])
    const borrowed = program.getSourceFiles().map(({ fileName }) => /node_modules\/@types\/([^/]+)/.exec(fileName)?.[1])
    expect([...new Set(borrowed)].filter((name) => name !== undefined && name !== 'node')).toEqual([])
  })
})
