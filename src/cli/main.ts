#!/usr/bin/env node
// The door of the command line: checks Node before anything is loaded that needs a newer one.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `tutti needs Node 22.19 or newer; this is Node ${process.versions.node}. Install a newer one from nodejs.org.\n`,
  )
  process.exitCode = 2
} else {
  const { runInProcess } = await import('./run-in-process.ts')
  await runInProcess()
}

export {}
