import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StepExplanation } from '../../../src/contracts/explanation.ts'
import { escapeLabel, writeMermaid } from '../../../src/plan/explain/mermaid.ts'
import { capability, component, explain, factsOf, took } from './support.ts'

const step = (name: string, more: Partial<StepExplanation> = {}): StepExplanation => ({
  name,
  type: 'call',
  what: 'k/go',
  dependsOn: [],
  stage: 1,
  modelCalls: { low: 0, high: 0 },
  isCritical: false,
  ...more,
})

describe('a flowchart', () => {
  it('shows steps, edges, the critical path, what writes and how long it takes', async () => {
    const facts = factsOf([component('k', [capability('go'), capability('pay', { effect: 'write' })])], {
      'k/go': took(120),
    })
    const { mermaid } = await explain(
      {
        steps: [
          { name: 'a', component: 'k', action: 'go' },
          { name: 'b', component: 'k', action: 'pay', depends_on: ['a'] },
          { name: 'c', set: { x: '${steps.a.output}' } },
        ],
      },
      { facts },
    )
    expect(mermaid.trimEnd().split('\n')).toEqual([
      'flowchart TD',
      '  s0["a<br/>k/go<br/>about 120 ms"]',
      '  s1[/"b<br/>k/pay"/]',
      '  s2["c<br/>transform"]',
      '  s0 ==> s1',
      '  s0 --> s2',
      '  classDef critical stroke-width:4px',
      '  class s0,s1 critical',
    ])
  })

  it('colours the steps of a run by how they ended', () => {
    const chart = writeMermaid([
      step('a', { actual: { status: 'succeeded', durationMs: 30, attempts: 1 } }),
      step('b', { actual: { status: 'failed', attempts: 3 } }),
      step('c'),
    ])
    expect(chart).toContain('s0["a<br/>k/go<br/>30 ms"]')
    expect(chart).toMatch(
      /classDef succeeded fill:.*\n {2}class s0 succeeded\n {2}classDef failed fill:.*\n {2}class s1 failed/,
    )
  })

  it.each([
    '"]; click s0 "javascript:alert(1)"',
    '<img src=x onerror=alert(1)>',
    '%%{init: {"securityLevel": "loose"}}%%',
    'a\nb --> c\r\nsubgraph x',
    '`**bold** [link](http://x)`',
    'a\u2028click s0 call x()',
    '#quot;]--;',
    'fa:fa-ban $$x$$ ~~~',
  ])('shows foreign text as text: %j', (text) => {
    const lines = writeMermaid([step(text, { what: text }), step('b', { dependsOn: [text] })])
      .trimEnd()
      .split('\n')
    expect(lines).toHaveLength(4)
    expect(lines[1]).toMatch(/^ {2}s0\["[^"<>`%{}[\]()|$~:\\*!?@&'^]*<br\/>[^"<>`%{}[\]()|$~:\\*!?@&'^]*"\]$/)
    expect(lines[3]).toBe('  s0 --> s1')
  })

  it('never lets a text leave its label, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(escapeLabel(text)).toMatch(/^(?:[\p{L}\p{M}\p{N} _.,/+=-]|#\d+;)*$/u)
      }),
    )
  })

  it('bounds nodes, edges and labels', () => {
    const many = Array.from({ length: 400 }, (_, i) =>
      step(`s${'x'.repeat(200)}${i}`, {
        dependsOn: Array.from({ length: Math.min(i, 20) }, (_u, d) => `s${'x'.repeat(200)}${i - d - 1}`),
      }),
    )
    const chart = writeMermaid(many)
    expect(chart.length).toBeLessThan(50_000)
    expect(chart.match(/-->/g)?.length).toBe(400)
    expect(chart).toContain('%% ')
    expect(chart).toContain('rest(["250 more steps"])')
  })
})
