// Start-up, watched: whoever sits at a terminal sees after a moment what is being waited for, and nothing of it afterwards.
import type { CatalogApi } from '../contracts/api.ts'
import type { Aside } from './live-output.ts'
import { createPaint, fitText, oneLine } from './render/text.ts'
import { lineWidth, type Terminal } from './terminal.ts'

/** A start-up that is quick says nothing. */
const QUIET_MS = 400
const CLEAR_LINE = '\r\u001b[2K'

/** Starts the orchestrator; it waits for no source longer than its setting says. */
export async function awaitSources(
  orchestrator: { start(): Promise<void>; readonly catalog: Pick<CatalogApi, 'sources'> },
  { stderr, color, clock }: Pick<Terminal, 'stderr' | 'color' | 'clock'>,
  aside: Aside,
): Promise<void> {
  if (stderr.isTTY !== true) return orchestrator.start()
  let shown = ''
  const stopWaiting = clock.after(QUIET_MS, () => {
    const names = orchestrator.catalog.sources().flatMap(({ name, state }) => (state === 'loading' ? [name] : []))
    const text = names.length === 0 ? '  starting…' : `  connecting to ${names.map(oneLine).join(', ')}…`
    shown = createPaint(color)('dim', fitText(text, lineWidth(stderr)))
    stderr.write(shown)
  })
  aside.through = (text) => stderr.write(shown === '' ? text : `${CLEAR_LINE}${text}${shown}`)
  try {
    await orchestrator.start()
  } finally {
    stopWaiting()
    aside.through = undefined
    if (shown !== '') stderr.write(CLEAR_LINE)
  }
}
