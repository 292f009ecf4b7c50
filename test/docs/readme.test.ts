import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { demo } from '../../src/cli/commands/ask.ts'
import { runCli } from '../../src/cli/program.ts'
import { EXIT, type Output, type Terminal } from '../../src/cli/terminal.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { readDocument } from '../../src/plan/document.ts'
import { createClock } from '../../src/util/clock.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const README = read('README.md')
const GUIDES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync('docs/guides').map((file) => `docs/guides/${file}`),
]

const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '')

/** Programs under their own name, as they stand in the page. */
const examplesIn = (text: string): { readonly path: string; readonly code: string }[] =>
  [...text.matchAll(/<!-- (examples\/[\w.-]+) -->\n```ts\n([\s\S]*?)```/g)].map(([, path = '', code = '']) => ({
    path,
    code,
  }))

/** What a person sees at the end: written lines, with what was erased again taken away. */
function createScreen(): { readonly terminal: Terminal; readonly lines: () => string[] } {
  let shown: string[] = ['']
  const write = (text: string): void => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what the live block is erased with
    for (const part of text.split(/(\u001b\[\d+A\u001b\[0J)/)) {
      const up = /^\u001b\[(\d+)A/.exec(part)?.[1]
      if (up !== undefined) shown = [...shown.slice(0, shown.length - 1 - Number(up)), '']
      else {
        const [first = '', ...more] = part.split('\n')
        shown[shown.length - 1] += first
        shown.push(...more)
      }
    }
  }
  const output: Output = { write, isTTY: true, columns: 80, rows: 24 }
  const terminal: Terminal = {
    stdout: output,
    stderr: output,
    cwd: tmpdir(),
    color: false,
    clock: createClock(),
    onStop: () => () => undefined,
  }
  return { terminal, lines: () => shown }
}

describe('the README', () => {
  it('begins with npm ci and npm test, and the demo between them', () => {
    const lines = (blocksOf(README, 'sh')[0] ?? '').trim().split('\n')
    expect(lines.map((line) => line.split('#')[0]?.trim())).toEqual(['npm ci', 'npm run demo', 'npm test'])
  })

  it('shows every example as it stands in its file, and no other code', () => {
    const shown = examplesIn(README)
    for (const { path, code } of shown) expect(code, path).toBe(read(path))
    expect(blocksOf(README, 'ts')).toHaveLength(shown.length)
    const programs = readdirSync('examples').filter((file) => file.endsWith('.ts'))
    const pages = GUIDES.map(read).join('\n')
    for (const file of programs) expect(pages).toContain(`examples/${file}`)
  })

  it('shows what the demo really prints, but for times and the weather of the day', async () => {
    const { terminal, lines } = createScreen()
    // Gaps in the answer are no failure of the demo.
    expect(await demo(undefined, {}, terminal)).toBe(EXIT.ok)
    const likeness = (line: string): string =>
      line
        .replace(/condition [^·]+·/, 'condition ·')
        .replace(/-?\d[\d.]*/g, '#')
        .replace(/ +/g, ' ')
    const seen = lines().map(likeness)
    const shown = (blocksOf(README, 'text')[0] ?? '').trim().split('\n')
    expect(seen.slice(0, shown.length)).toEqual(shown.map(likeness))
    expect(shown.join('\n')).toContain('current price 468.285')
  })

  it('names only commands and options that exist', async () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const commands = GUIDES.flatMap((path) => blocksOf(read(path), 'sh')).join('\n')
    const runs = [...commands.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1])
    expect(runs).toContain('demo')
    for (const name of runs) expect(Object.keys(scripts)).toContain(name)
    const called = [...commands.matchAll(/(?:npx tutti|npm run tutti --) (\w+)([^\n#|]*)/g)]
    expect(called.map((match) => match[1])).toEqual(expect.arrayContaining(['ask', 'run', 'serve', 'validate']))
    for (const [line, command = '', rest = ''] of called) {
      let help = ''
      const terminal = { ...createScreen().terminal, stdout: { write: (text: string) => (help += text) } }
      expect(await runCli([command, '--help'], terminal), line).toBe(EXIT.ok)
      for (const [option] of rest.matchAll(/--[\w-]+/g)) expect(help, line).toContain(option)
    }
  })
})

describe('the guides', () => {
  it('show the programs that they name as they stand in their files', () => {
    const shown = GUIDES.flatMap((path) => examplesIn(read(path)))
    expect(shown.length).toBeGreaterThan(8)
    for (const { path, code } of shown) expect(code, path).toBe(read(path))
  })

  it.each(GUIDES)('%s shows no piece of a program that is not in an example', (path) => {
    const programs = readdirSync('examples').map((file) => read(`examples/${file}`))
    for (const code of blocksOf(read(path), 'ts'))
      expect(
        programs.some((program) => program.includes(code)),
        code,
      ).toBe(true)
  })

  it.each(GUIDES)('%s shows only configuration and documents that are accepted', async (path) => {
    const texts = blocksOf(read(path), 'yaml')
    for (const text of texts) {
      if (text.startsWith('# tutti.config.yaml')) {
        const cwd = mkdtempSync(join(tmpdir(), 'tutti-docs-'))
        writeFileSync(join(cwd, 'tutti.config.yaml'), text)
        const env = Object.fromEntries([...text.matchAll(/env: (\w+)/g)].map(([, name = '']) => [name, 'of-the-test']))
        await loadConfig({ cwd, env, strictVariables: true })
      } else expect((await readDocument(text)).issues, text).toEqual([])
    }
  })

  it.each(GUIDES)('%s links only to what is there', (path) => {
    const text = read(path)
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replace(/ /g, '-'),
    )
    for (const [, target = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (target.startsWith('#')) expect(headings).toContain(target.slice(1))
      else if (!/^https?:/.test(target)) {
        expect(existsSync(join(dirname(path), target.split('#')[0] ?? '')), target).toBe(true)
      }
    }
  })

  it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s names only files and folders that are there', (path) => {
    const named = [...read(path).matchAll(/`([\w.-]+\/[\w./-]*)`/g)]
      .map((match) => match[1] ?? '')
      .filter((name) => !/NAME/.test(name))
    expect(named.length).toBeGreaterThan(5)
    const isThere = (name: string): boolean =>
      [name, `src/${name}`, `src/${name}.ts`].some((candidate) => existsSync(candidate))
    expect(named.filter((name) => !isThere(name))).toEqual([])
  })
})
