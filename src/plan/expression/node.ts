// What the compilers of the kinds of nodes share. A Run gives a value; a Probe may give ABSENT: `has`, `.?` and `orValue` look
// at probes, everything else requires.
import type { ASTNode } from '@marcbachmann/cel-js'
import type { Absent, Reference } from '../../contracts/compiled.ts'
import type { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { Evaluation } from './budget.ts'

export type SyntaxTree = ASTNode
export type NodeOf<Op extends ASTNode['op']> = Extract<ASTNode, { readonly op: Op }>
export type Run = (evaluation: Evaluation) => JsonValue
export type Probe = (evaluation: Evaluation) => JsonValue | Absent

/** One expression being compiled. */
export interface Compilation {
  readonly references: Reference[]
  /** Variables of macros in scope; the place of a name is its slot. */
  readonly locals: string[]
  /** Nodes compiled so far: what one round of a loop over a part costs. */
  readonly nodes: number
  run(node: SyntaxTree): Run
  probe(node: SyntaxTree): Probe
  /** The error for a place in the expression, made when it is needed. */
  fail(node: SyntaxTree, reason: string, details?: Readonly<Record<string, unknown>>): TuttiError
}
