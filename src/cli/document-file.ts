// Documents on disk, and the locks beside them.
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TuttiError } from '../contracts/errors.ts'
import type { PlanLock } from '../contracts/lock.ts'
import { lockToText, readLock } from '../plan/lock.ts'
import { fileTrouble } from '../util/file-trouble.ts'
import type { Terminal } from './terminal.ts'

export async function readDocumentFile(file: string, terminal: Pick<Terminal, 'cwd'>): Promise<string> {
  try {
    return await readFile(resolve(terminal.cwd, file), 'utf8')
  } catch (cause) {
    throw new TuttiError('invalid_request', `The file "${file}" cannot be read: ${fileTrouble(cause)}.`, { cause })
  }
}

/** `plan.yaml` is locked by `plan.lock`. */
const lockPathOf = (file: string): string => `${file.replace(/\.(ya?ml|json)$/i, '')}.lock`

export async function readLockFile(file: string, terminal: Pick<Terminal, 'cwd'>): Promise<PlanLock> {
  const place = lockPathOf(file)
  let text: string
  try {
    text = await readFile(resolve(terminal.cwd, place), 'utf8')
  } catch (cause) {
    const how = `Write it with "tutti validate ${file} --lock".`
    throw new TuttiError('invalid_request', `The lock "${place}" cannot be read: ${fileTrouble(cause)}. ${how}`, {
      cause,
    })
  }
  return readLock(text, place)
}

/** @returns where it is */
export async function writeLockFile(file: string, lock: PlanLock, terminal: Pick<Terminal, 'cwd'>): Promise<string> {
  const place = lockPathOf(file)
  try {
    await writeFile(resolve(terminal.cwd, place), lockToText(lock))
  } catch (cause) {
    throw new TuttiError('invalid_request', `The lock cannot be written to "${place}": ${fileTrouble(cause)}.`, {
      cause,
    })
  }
  return place
}
