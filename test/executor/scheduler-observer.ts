// Looks at runs from outside: at the calls as components see them and at the events. Keeps its own books of every limit and
// notes whatever breaks a rule.
import type { LimitUsage } from '../../src/contracts/api.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import { PRIORITIES } from '../../src/contracts/policy.ts'
import {
  AMPLE,
  courseOf,
  dependenciesOf,
  expectedOf,
  type GivenLimits,
  type GivenRun,
  type GivenStep,
  isCall,
} from './scheduler-reference.ts'

interface SeenStep {
  readonly name: string
  readonly given: GivenStep
  readonly run: SeenRun
  readonly index: number
  end?: string
  hasBegun: boolean
  calls: number
  /** In a call now. */
  isCalled: boolean
  pausedUntil: number
  /** It waited when things were quiet last. */
  hasWaited: boolean
  dueAt: number
}
interface SeenRun {
  readonly id: string
  readonly given: GivenRun
  readonly steps: SeenStep[]
  hasStarted: boolean
  isOver: boolean
  hasFailed: boolean
  calls: number
}
interface Need {
  readonly name: string
  readonly amount: number
  readonly limit: number
}

export class Observer {
  readonly wrong: string[] = []
  readonly #limits: GivenLimits
  readonly #isOneLimit: boolean
  readonly #runs: SeenRun[]
  readonly #now: () => number
  readonly #inUse = new Map<string, number>()
  readonly #tokens: Record<string, { units: number; at: number }> = {}

  /** @param isOneLimit whether steps can lack only one thing at a time */
  constructor(runs: readonly GivenRun[], limits: GivenLimits, isOneLimit: boolean, now: () => number) {
    this.#limits = limits
    this.#isOneLimit = isOneLimit
    this.#now = now
    this.#runs = runs.map((given, i) => {
      const steps: SeenStep[] = []
      const run = {
        id: `r${i}`,
        given,
        steps,
        hasStarted: false,
        isOver: false,
        hasFailed: false,
        calls: 0,
      }
      for (const [index, step] of given.steps.entries())
        steps.push({
          name: `s${index}`,
          given: step,
          run,
          index,
          hasBegun: false,
          calls: 0,
          isCalled: false,
          pausedUntil: 0,
          hasWaited: false,
          dueAt: Infinity,
        })
      return run
    })
  }

  start(run: number): void {
    this.#run(run).hasStarted = true
    this.#setDeadlines(this.#run(run))
  }
  /** The run was told to end, or has ended: nothing of it may begin any more. */
  over(run: number): void {
    this.#run(run).isOver = true
  }

  /** A component is called. @returns says that the call is over */
  called(key: string, component: string): () => void {
    const [runId = '', name = ''] = key.split(':')
    const step = this.#step(runId, name)
    const { run } = step
    step.calls++
    run.calls++
    if (run.isOver || step.end !== undefined) this.#note(step, 'was called after its end')
    if (step.isCalled) this.#note(step, 'was called twice at once')
    if (run.calls > (run.given.componentCalls ?? Infinity)) this.#note(step, 'was called beyond the budget')
    if (!this.#isUnsure(step) && component !== this.#componentOf(step, step.calls - 1))
      this.#note(step, `should not call ${component}`)
    if (this.#tokensOf(component) < 1) this.#note(step, `passes the rate of ${component}`)
    this.#spend(component)
    const needs = this.#needsOf(step, component)
    for (const { name: limit, amount, limit: most } of needs) {
      const now = (this.#inUse.get(limit) ?? 0) + amount
      this.#inUse.set(limit, now)
      if (now > most) this.#note(step, `passes the limit of ${limit}: ${now} of ${most}`)
    }
    step.isCalled = true
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      step.isCalled = false
      for (const { name: limit, amount } of needs) this.#inUse.set(limit, (this.#inUse.get(limit) ?? 0) - amount)
    }
  }

  event(runIndex: number, fact: RunFact): void {
    const run = this.#run(runIndex)
    if (!('step' in fact) || fact.step === undefined) return
    const step = this.#step(run.id, fact.step)
    if (fact.type === 'step-start') this.#begun(step)
    if (fact.type === 'attempt-end' && fact.retryInMs !== undefined) step.pausedUntil = this.#now() + fact.retryInMs
    if (fact.type !== 'step-end') return
    if (step.end !== undefined) this.#note(step, 'ended twice')
    step.end = fact.skipReason ?? fact.status
    if (fact.status === 'failed' && !step.given.isCovered) run.hasFailed = true
    if (fact.status !== 'cancelled') this.#setDeadlines(run)
  }

  /** Nothing more happens at this moment: what is shown is what is so, and nobody waits for what is there. */
  quiet(shown: readonly LimitUsage[]): void {
    const now = this.#now()
    const inUse = [...this.#inUse].filter(([name, used]) => used > 0 && !/^run |^rate /.test(name)).sort()
    const said = shown
      .filter(({ kind, inUse: used }) => kind !== 'rate' && used > 0)
      .map(({ kind, name, inUse: used }) => [`${kind} ${name}`, used])
      .sort()
    if (JSON.stringify(said) !== JSON.stringify(inUse))
      this.wrong.push(`at ${now % 100_000}: shown ${JSON.stringify(said)}, seen ${JSON.stringify(inUse)}`)
    const waiting = this.#runs.flatMap(({ steps }) => steps.filter((step) => this.#isWaiting(step)))
    for (const step of waiting) step.hasWaited = true
    for (const step of waiting) {
      const component = this.#componentOf(step, step.calls)
      const isBehind = waiting.some((other) => other !== step && this.#keepsWaiting(other, step))
      if (this.#fits(step) && !isBehind && this.#tokensOf(component) >= 1) this.#note(step, 'waits for nothing')
    }
    for (const { steps } of this.#runs)
      for (const step of steps)
        if (step.end === undefined && step.dueAt < now) this.#note(step, 'goes on after its deadline')
  }

  /** What is not as it must be when everything is over. */
  done(): readonly string[] {
    for (const run of this.#runs) {
      const { given, steps } = run
      const isDisturbed =
        given.cancelAt !== undefined ||
        (given.stopsAtFailure && run.hasFailed) ||
        steps.some(({ given: { deadlineMs }, end }) => deadlineMs !== undefined || end === 'budget')
      const budget = given.componentCalls ?? Infinity
      const expected = expectedOf({ steps: given.steps })
      const need = given.steps.reduce((sum, step) => sum + courseOf(step).allCalls, 0)
      for (const step of steps) {
        const { end, calls, index } = step
        if (end === undefined) this.#note(step, 'never ended')
        if (end === 'budget' && need <= budget) this.#note(step, 'was left out though the budget allows it')
        if (isDisturbed || need > budget) continue
        if (end !== expected[index]?.end) this.#note(step, `ended as ${end}, not as ${expected[index]?.end}`)
        const wanted = /condition|dependency/.test(end ?? '') ? 0 : courseOf(step.given).allCalls
        if (calls !== wanted) this.#note(step, `was called ${calls} times, not ${wanted} times`)
      }
    }
    return this.wrong
  }

  #begun(step: SeenStep): void {
    const { run } = step
    if (step.hasBegun) this.#note(step, 'began twice')
    if (!this.#isReady(step)) this.#note(step, 'began before its dependencies had ended')
    if (run.isOver || (run.given.stopsAtFailure && run.hasFailed)) this.#note(step, 'began though the run had ended')
    const before = this.#runs
      .flatMap(({ steps }) => steps)
      .find((other) => this.#isWaiting(other) && !other.hasBegun && this.#goesBefore(other, step))
    // One whose time is up is told to begin only to be told to end.
    if (before !== undefined && this.#now() < step.dueAt)
      this.#note(step, `began before ${before.run.id} ${before.name}, which is more urgent`)
    step.hasBegun = true
  }

  #goesBefore(a: SeenStep, b: SeenStep): boolean {
    const level = ({ given: { priority }, run: { given } }: SeenStep): number =>
      PRIORITIES.indexOf(priority ?? given.priority ?? 'normal')
    // Runs that are submitted at the same moment come one after the other.
    if (a.run !== b.run && !a.hasWaited) return false
    if (a === b || !isCall(b.given) || !this.#compete(a, b) || level(a) >= level(b)) return false
    // A call that was answered a moment ago still has its place.
    const isEnding = a.run.steps.some(({ hasBegun, isCalled, end }) => hasBegun && !isCalled && end === undefined)
    return a.run === b.run || (!isEnding && (this.#inUse.get(`run ${a.run.id}`) ?? 0) < a.run.given.limit)
  }

  /** Whether they want the very same, and the one could have begun in the other's place. */
  #compete(a: SeenStep, b: SeenStep): boolean {
    const needs = ({ given: { does, gpu, isKeyed }, run: { given } }: SeenStep): string =>
      [does, gpu, isKeyed, given.key].join()
    if (!this.#isOneLimit) return needs(a) === needs(b)
    const { process, key, rate, component } = this.#limits
    if (process !== undefined) return true
    if (key !== undefined) return a.run.given.key === b.run.given.key
    if (rate !== undefined || component < AMPLE.component) return a.given.does === b.given.does
    return a.given.gpu > 0 && b.given.gpu > 0 && this.#fits(a)
  }

  #isReady({ given, index, run }: SeenStep): boolean {
    return run.hasStarted && dependenciesOf(given, index).every((d) => run.steps[d]?.end !== undefined)
  }

  /** For places, that is. */
  #isWaiting(step: SeenStep): boolean {
    const { given, run, end, hasBegun, isCalled, pausedUntil } = step
    if (!isCall(given) || run.isOver || end !== undefined || isCalled) return false
    if (hasBegun) return pausedUntil <= this.#now() && !this.#isUnsure(step)
    return this.#isReady(step) && !this.#isBlocked(step)
  }

  #isBlocked({ given, index, run }: SeenStep): boolean {
    if (given.isOff || (run.given.stopsAtFailure && run.hasFailed)) return true
    const before = dependenciesOf(given, index).map((d) => run.steps[d] as SeenStep)
    const isBypassed = ({ end, given: { isOptional } }: SeenStep): boolean =>
      end === 'condition' || end === 'dependency-skipped' || (end === 'budget' && isOptional)
    return (
      before.some(
        (dependency) =>
          !isBypassed(dependency) &&
          dependency.end !== 'succeeded' &&
          !(dependency.end === 'failed' && dependency.given.isCovered),
      ) ||
      (before.length > 0 && before.every(isBypassed))
    )
  }

  #setDeadlines(run: SeenRun): void {
    for (const step of run.steps)
      if (step.dueAt === Infinity && step.given.deadlineMs !== undefined && this.#isReady(step))
        step.dueAt = this.#now() + step.given.deadlineMs
  }

  /** How far it gets before its deadline is near decides whom it calls. */
  #isUnsure({ given: { deadlineMs, fallback } }: SeenStep): boolean {
    return deadlineMs !== undefined && fallback === 'call'
  }

  /** Whom its next call goes to, when it has made so many. */
  #componentOf({ given }: SeenStep, calls: number): string {
    return calls < courseOf(given).calls ? given.does : 'c'
  }

  #needsOf({ given: { gpu, isKeyed }, run }: SeenStep, component: string): Need[] {
    const { process, key, component: ofComponent } = this.#limits
    const parts = run.given.key.split('/')
    const needs = [
      { name: `run ${run.id}`, amount: 1, limit: run.given.limit },
      { name: `component ${component}`, amount: 1, limit: ofComponent },
    ]
    if (process !== undefined) needs.push({ name: 'process ', amount: 1, limit: process })
    if (key !== undefined)
      needs.push(...parts.map((_, i) => ({ name: `key ${parts.slice(0, i + 1).join('/')}`, amount: 1, limit: key })))
    if (gpu > 0) needs.push({ name: 'resource gpu', amount: gpu, limit: this.#limits.gpu })
    if (isKeyed) needs.push({ name: 'concurrency one', amount: 1, limit: 1 })
    return needs
  }

  /** Whether there are all the places that its next call takes. */
  #fits(step: SeenStep): boolean {
    const component = this.#componentOf(step, step.calls)
    return this.#needsOf(step, component).every(
      ({ name, amount, limit }) => (this.#inUse.get(name) ?? 0) + amount <= limit,
    )
  }

  /** One that lacks places of a resource, or of several limits at once, may keep what it has been waiting for. */
  #keepsWaiting(waiting: SeenStep, other: SeenStep): boolean {
    if (this.#fits(waiting)) return false
    return this.#isOneLimit ? waiting.given.gpu > 0 && other.given.gpu > 0 : true
  }

  /** Whole numbers: a token is `perMs` units. Only `b` has a rate. */
  #tokensOf(component: string): number {
    const { rate } = this.#limits
    if (rate === undefined || component !== 'b') return Infinity
    const { requests, perMs } = rate
    const full = requests * perMs
    const bucket = (this.#tokens[component] ??= { units: full, at: this.#now() })
    bucket.units = Math.min(full, bucket.units + (this.#now() - bucket.at) * requests)
    bucket.at = this.#now()
    return bucket.units / perMs
  }
  #spend(component: string): void {
    const bucket = this.#tokens[component]
    if (bucket !== undefined) bucket.units -= this.#limits.rate?.perMs ?? 0
  }

  #run(index: number): SeenRun {
    return this.#runs[index] as SeenRun
  }
  #step(runId: string, name: string): SeenStep {
    return this.#run(Number(runId.slice(1))).steps[Number(name.slice(1))] as SeenStep
  }
  #note({ name, run }: SeenStep, what: string): void {
    this.wrong.push(`at ${this.#now() % 100_000}: ${run.id} ${name} ${what}`)
  }
}
