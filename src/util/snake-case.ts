// Names of ours as they leave the process: on the wire, in files, in log lines.

// There are few names and each is asked for again and again.
const known = new Map<string, string>()

/** `runId` → `run_id`. For names of ours only: each is remembered. */
export function toSnakeCase(name: string): string {
  let snake = known.get(name)
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    known.set(name, snake)
  }
  return snake
}
