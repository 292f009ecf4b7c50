// The commands and their options. Each command is loaded when it is called, so that help and mistakes answer at once.
import { Command, CommanderError, Option } from 'commander'
import { TuttiError } from '../contracts/errors.ts'
import { PRIORITIES } from '../contracts/policy.ts'
import { VERSION } from '../util/version.ts'
import type { AskOptions } from './commands/ask.ts'
import type { RunOptions, ValidateOptions } from './commands/documents.ts'
import type { ExplainOptions } from './commands/explain.ts'
import type { ServerOptions } from './commands/runs.ts'
import type { ServeOptions } from './commands/serve.ts'
import { collectInput, duration, readBudget, wholeNumber } from './options.ts'
import { oneLine } from './render/text.ts'
import { reportError } from './report-error.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

const JSON_OPTION = ['--json', 'print one JSON document'] as const
const INPUT_OPTION = ['--input <name=value>', 'an input of the run; may be repeated', collectInput] as const

/** Runs one command. Never throws: whatever goes wrong is told, and is an exit code. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  let hint = ''
  const program = createProgram(terminal, (ended) => {
    code = ended
  })
  pointToHelp(program, 'tutti', (hintOfCommand) => {
    hint = hintOfCommand
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    // Commander has said what is wrong; help and version end here too, with 0.
    const json = args.includes('--json')
    if (!(error instanceof CommanderError)) return reportError(error, terminal, json)
    if (error.exitCode === 0) return EXIT.ok
    return json ? reportError(usageError(error, hint), terminal, true) : EXIT.usage
  }
}

function usageError({ message }: CommanderError, hint: string): TuttiError {
  const said = oneLine(message.replace(/^error: /, ''))
  return new TuttiError('invalid_request', `${said.replace(/[.\s]+$/, '')}. ${hint}`)
}

/** A mistake of use is answered with where to look: the help of the very command that was called. */
function pointToHelp(command: Command, path: string, onExit: (hint: string) => void): void {
  const hint = `Run "${path} --help" to see its ${command.commands.length > 0 ? 'commands' : 'arguments and options'}.`
  command.showHelpAfterError(hint).exitOverride((error) => {
    onExit(hint)
    throw error
  })
  for (const inner of command.commands) pointToHelp(inner, `${path} ${inner.name()}`, onExit)
}

function createProgram(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const program = new Command('tutti')
    .description('Requests in plain language over live tools and agents: planned, run in parallel, answered.')
    .version(VERSION)
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  addRequests(program, terminal, end)
  addDocuments(program, terminal, end)
  addCatalog(program, terminal, end)
  addRuns(program, terminal, end)
  addOperations(program, terminal, end)
  return program
}

/** Of commands that run something. */
const addTerms = (command: Command): Command =>
  command
    .addOption(
      new Option('--priority <priority>', 'before whom it goes when there is not room for all').choices(PRIORITIES),
    )
    .option(
      '--budget <limits>',
      'what it may use up, as in model_calls=5,tokens=10000,cost=0.5,wall_time=2m',
      readBudget,
    )
    .option('--due-in <duration>', 'when it should be done; bounds nothing', duration)

type Adder = (program: Command, terminal: Terminal, end: (code: ExitCode) => void) => void

const addRequests: Adder = (program, terminal, end) => {
  addTerms(program.command('ask'))
    .argument('<request>', 'what you want, in plain language')
    .description('plan a request, run the plan and answer')
    .option(...JSON_OPTION)
    .option('--events', 'print every event as a JSON line')
    .addOption(new Option('--plan-only', 'make the plan and run nothing').conflicts('events'))
    .option('--save <file>', 'write the plan to a file, as YAML or JSON')
    .option('--lock', 'lock the saved plan to the capabilities as they are now')
    .option('--max-replans <n>', 'how often the rest of the plan may be written anew', wholeNumber(0, 5))
    .option('--thread <id>', 'keep earlier turns of this conversation (within one process)')
    .option(...INPUT_OPTION)
    .action(async (request: string, options: AskOptions) =>
      end(await (await import('./commands/ask.ts')).ask(request, options, terminal)),
    )
  program
    .command('plan')
    .argument('<request>', 'what you want, in plain language')
    .description('make a plan and run nothing (ask --plan-only)')
    .option(...JSON_OPTION)
    .option('--save <file>', 'write the plan to a file, as YAML or JSON')
    .option('--lock', 'lock the saved plan to the capabilities as they are now')
    .option(...INPUT_OPTION)
    .action(async (request: string, options: AskOptions) =>
      end(await (await import('./commands/ask.ts')).makePlan(request, options, terminal)),
    )
  program
    .command('demo')
    .argument('[request]', 'what you want; a trip financed by shares by default')
    .description('ask the demo components, which need no network and no key')
    .option(...JSON_OPTION)
    .option('--events', 'print every event as a JSON line')
    .action(async (request: string | undefined, options: AskOptions) =>
      end(await (await import('./commands/ask.ts')).demo(request, options, terminal)),
    )
}

const addDocuments: Adder = (program, terminal, end) => {
  addTerms(program.command('run'))
    .argument('<file>', 'a plan or a workflow, YAML or JSON')
    .description('run a document')
    .option(...JSON_OPTION)
    .option('--events', 'print every event as a JSON line')
    .option(...INPUT_OPTION)
    .option('--locked', 'refuse when what the document was locked to has changed')
    .action(async (file: string, options: RunOptions) =>
      end(await (await import('./commands/documents.ts')).run(file, options, terminal)),
    )
  program
    .command('validate')
    .argument('<files...>', 'plans or workflows')
    .description('check documents against the catalog')
    .option(...JSON_OPTION)
    .option('--lock', 'write what it counts on to a lock file beside it')
    .addOption(new Option('--locked', 'check it against its lock file too').conflicts('lock'))
    .action(async (files: string[], options: ValidateOptions) =>
      end(await (await import('./commands/documents.ts')).validate(files, options, terminal)),
    )
  program
    .command('explain')
    .argument('<file or run>', 'a plan or a workflow, or the id of a run of a server')
    .description('show stages, critical path, expected time and cost; of a run also what happened')
    .option(...JSON_OPTION)
    .addOption(new Option('--mermaid', 'print it as a Mermaid flowchart').conflicts('json'))
    .option('--server <url>', 'for runs: the server; by default that of the configuration, on this machine')
    .option('--key <key>', 'for runs: an API key of the server')
    .action(async (what: string, options: ExplainOptions) =>
      end(await (await import('./commands/explain.ts')).explain(what, options, terminal)),
    )
  program
    .command('schema')
    .description('print the JSON Schema of documents, for editors')
    .option(...JSON_OPTION)
    .action(async () => end((await import('./commands/documents.ts')).schema(terminal)))
}

const addCatalog: Adder = (program, terminal, end) => {
  const catalog = program.command('catalog').description('see what can be called')
  catalog
    .command('list')
    .description('all components and their capabilities')
    .option(...JSON_OPTION)
    .action(async (options: { json?: boolean }) =>
      end(await (await import('./commands/catalog.ts')).listCatalog(options, terminal)),
    )
  catalog
    .command('search')
    .argument('<query>', 'what it should do')
    .description('the capabilities that fit best')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 10)
    .option('--why', 'also why each is offered, and what is held back')
    .option(...JSON_OPTION)
    .action(async (query: string, options: { json?: boolean; limit: number; why?: boolean }) =>
      end(await (await import('./commands/catalog.ts')).searchCatalog(query, options, terminal)),
    )
  catalog
    .command('show')
    .argument('<component>', 'its name')
    .description('one component with its schemas and instances')
    .option(...JSON_OPTION)
    .action(async (name: string, options: { json?: boolean }) =>
      end(await (await import('./commands/catalog.ts')).showComponent(name, options, terminal)),
    )
}

const addRuns: Adder = (program, terminal, end) => {
  const runs = program.command('runs').description('look at the runs of a server')
  const command = (name: string, description: string): Command =>
    runs
      .command(name)
      .description(description)
      .option('--server <url>', 'the server; by default that of the configuration, on this machine')
      .option('--key <key>', 'an API key of the server')
      .option(...JSON_OPTION)
  command('list', 'runs, the newest first')
    .option('--status <status>', 'only these')
    .option('--limit <n>', 'how many', wholeNumber(1, 100), 20)
    .action(async (options: ServerOptions & { status?: string; limit: number }) =>
      end(await (await import('./commands/runs.ts')).listRuns(options, terminal)),
    )
  command('show', 'one run as far as it has come')
    .argument('<run>', 'its id')
    .option('--explain', 'its plan, with what was to be expected and what happened')
    .action(async (runId: string, options: ServerOptions & { explain?: boolean }) =>
      end(
        options.explain === true
          ? await (await import('./commands/explain.ts')).explainRun(runId, options, terminal)
          : await (await import('./commands/runs.ts')).showRun(runId, options, terminal),
      ),
    )
  command('events', 'its events as JSON lines, until it ends')
    .argument('<run>', 'its id')
    .action(async (runId: string, options: ServerOptions) =>
      end(await (await import('./commands/runs.ts')).followRun(runId, options, terminal)),
    )
  command('cancel', 'cancel a run')
    .argument('<run>', 'its id')
    .action(async (runId: string, options: ServerOptions) =>
      end(await (await import('./commands/runs.ts')).cancelRun(runId, options, terminal)),
    )
}

const addOperations: Adder = (program, terminal, end) => {
  program
    .command('serve')
    .description('answer over HTTP')
    .option('--port <port>', 'where to listen; 8080 by default', wholeNumber(0, 65_535))
    .option('--host <host>', 'on which address; 127.0.0.1 by default')
    .option('--json', 'write the log as JSON lines, also on a terminal')
    .action(async (options: ServeOptions) => end(await (await import('./commands/serve.ts')).serve(options, terminal)))
  program
    .command('doctor')
    .description('check Node, configuration, sources, model and journal')
    .option(...JSON_OPTION)
    .action(async (options: { json?: boolean }) =>
      end(await (await import('./commands/doctor.ts')).doctor(options, terminal)),
    )
}
