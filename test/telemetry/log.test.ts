import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import { createBreakerLog, createEventLog, createLogger, type LogOptions } from '../../src/telemetry/log.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { responseOf, stamp, start, stepFacts } from './events.ts'

const record = (more: Partial<LogOptions> = {}) => {
  const lines: string[] = []
  const stream = { write: (text: string) => lines.push(text) }
  return { lines, log: createLogger({ stream, clock: createManualClock(), format: 'json', ...more }) }
}

describe('createLogger', () => {
  it('writes one JSON document per line, facts in snake_case', () => {
    const { lines, log } = record()
    log.info('run started', { runId: 'run_1', count: 12345678901234567890n, absent: undefined })
    expect(lines).toEqual([
      '{"time":"2026-01-01T00:00:00.000Z","level":"info","message":"run started","run_id":"run_1","count":12345678901234567890}\n',
    ])
  })
  it('writes lines for eyes, one line per entry whatever the message holds', () => {
    const { lines, log } = record({ format: 'pretty' })
    log.warn('two\nlines', { runId: 'run_1' })
    expect(lines).toEqual(['00:00:00.000 warn  two lines run_id="run_1"\n'])
  })
  it('lets nothing through to eyes that would steer a terminal', () => {
    const { lines, log } = record({ format: 'pretty' })
    log.warn('a\u001b[2J\u001b[31mred\u001b[0m\u009b2Kb\u202ec\u0007', { said: '\u009b2J' })
    expect(lines).toEqual(['00:00:00.000 warn  ared 2Kb c  said=" 2J"\n'])
  })
  it('tells who ran a command only what the message does not say', () => {
    const { lines, log } = record({ format: 'plain' })
    log.warn('Source "mcp:disk" failed.', { source: 'mcp:disk', sources: ['mcp:disk'], kept: 0 })
    expect(lines).toEqual(['warning: Source "mcp:disk" failed. kept=0\n'])
  })
  it('drops lines below its level', () => {
    const { lines, log } = record({ level: 'warn' })
    log.debug('a')
    log.info('b')
    log.error('c')
    expect(lines.length).toBe(1)
  })
  it('blanks out known secrets in messages, facts and errors, longest first and also where JSON escapes them', () => {
    const { lines, log } = record({ secrets: ['sk-1', 'sk-1-and-more', 'pass"word'] })
    log.error('key sk-1-and-more', {
      where: ['x sk-1 y'],
      error: new TuttiError('internal', 'bad pass"word'),
      raw: 'pass"word',
    })
    expect(lines.join('')).not.toMatch(/sk-1|and-more|word/)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      message: 'key [secret]',
      where: ['x [secret] y'],
      error: { code: 'internal', message: 'bad [secret]' },
    })
  })
  it('shows an error without its stack', () => {
    const { lines, log } = record()
    log.error('x', { error: new Error('broken') })
    expect(lines[0]).toContain('"error":{"message":"broken"}')
    expect(lines[0]).not.toContain('log.test.ts')
  })
  it('survives a stream that throws', () => {
    const { log } = record({
      stream: {
        write() {
          throw new Error('EPIPE')
        },
      },
    })
    expect(() => log.info('x')).not.toThrow()
  })
})

describe('createEventLog', () => {
  it('puts the id of the run on every line (B74)', () => {
    const { lines, log } = record({ level: 'debug' })
    const read = createEventLog(log)
    const facts = [
      start,
      ...stepFacts('a', { status: 'failed' }),
      { type: 'plan-end', document: { steps: [] }, way: 'model', issues: [], durationMs: 1 } as const,
      { type: 'run-end', response: responseOf('failed') } as const,
    ]
    for (const event of stamp(facts, 'run_77')) read(event)
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      'run started',
      'attempt failed',
      'step ended',
      'plan ready',
      'run ended',
    ])
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ run_id: 'run_77' })
  })

  it('tells what recovery decided, whom it told, and what a budget ended, in words', () => {
    const { lines, log } = record()
    const error = { code: 'component_failed', message: 'x' } as const
    const facts: RunFact[] = [
      { type: 'recovery', step: 'a', class: 'backend', error, options: [], chosen: 'retry', why: 'it may pass' },
      { type: 'recovered', step: 'a', way: 'retry' },
      { type: 'recovery-failed', step: 'b', error, tried: ['retry'] },
      { type: 'escalation', step: 'b', component: 'rates', error, failures: 3, notify: ['on-call'] },
      { type: 'budget-exceeded', kind: 'modelCalls', limit: 2, used: 2 },
    ]
    for (const event of stamp(facts)) createEventLog(log)(event)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'info', message: 'recovery chosen', chosen: 'retry', why: 'it may pass', code: 'component_failed' },
      { level: 'info', message: 'step recovered', way: 'retry' },
      { level: 'warn', message: 'step could not be recovered', tried: ['retry'] },
      { level: 'error', message: 'people are told: a component keeps failing', failures: 3, notify: ['on-call'] },
      { level: 'warn', message: 'budget reached', budget: 'model_calls', limit: 2 },
    ])
  })
})

describe('createBreakerLog', () => {
  it('writes a line when a breaker opens and when it is closed at full traffic, and little between', () => {
    const { lines, log } = record()
    const tell = createBreakerLog(log)
    const of = { component: 'rates', instance: 'rates-1' }
    tell({ ...of, state: 'open', share: 0 })
    tell({ ...of, state: 'half-open', share: 0 })
    tell({ ...of, state: 'closed', share: 0.5 })
    tell({ ...of, state: 'closed', share: 1 })
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', component: 'rates', instance: 'rates-1' },
      { level: 'info', message: 'breaker closed' },
    ])
  })
})
