// Vectors between two starts: a line that says what they are, then one record a text (hash, checksum, numbers). What cannot be
// read is only made anew; a write replaces the file whole or not at all.
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { isJsonObject } from '../util/json.ts'
import { createPace } from '../util/pace.ts'
import type { VectorStore } from './vector-store.ts'

const FORMAT = 'tutti-vectors'
const VERSION = 1
/** SHA-1 of the text. */
const HASH_BYTES = 20
const HEAD_BYTES = HASH_BYTES + 4
const MAX_HEADER = 1_000
const MAX_DIMENSIONS = 100_000
const RECORDS_PER_TURN = 100

export interface ReadVectors {
  /** Why some of it, or all, could not be used; absent when all was well, or there is no file yet. */
  readonly trouble?: string
}

const isMissing = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'

/** How many numbers a vector has, when the first line is that of this model's file. */
function readHeader(bytes: Buffer, model: string): { readonly from: number; readonly dimensions: number } | string {
  const end = bytes.subarray(0, MAX_HEADER).indexOf('\n')
  let header: unknown
  try {
    header = JSON.parse(bytes.toString('utf8', 0, Math.max(0, end)))
  } catch {
    return 'it is no file of vectors'
  }
  if (!isJsonObject(header) || header['format'] !== FORMAT) return 'it is no file of vectors'
  const { version, dimensions } = header
  if (version !== VERSION) return 'it is of another version'
  if (header['model'] !== model) return 'it is of another model'
  const isCount = typeof dimensions === 'number' && Number.isInteger(dimensions) && dimensions > 0
  return isCount && dimensions <= MAX_DIMENSIONS ? { from: end + 1, dimensions } : 'its header is broken'
}

/** Adds what the file holds to the store. Never throws: a cache that is lost costs time, not correctness. */
export async function readVectors(file: string, model: string, store: VectorStore): Promise<ReadVectors> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (thrown) {
    return isMissing(thrown) ? {} : { trouble: 'it cannot be read' }
  }
  const header = readHeader(bytes, model)
  if (typeof header === 'string') return { trouble: header }
  const { from, dimensions } = header
  const size = HEAD_BYTES + dimensions * 4
  const pace = createPace(RECORDS_PER_TURN)
  let broken = (bytes.length - from) % size === 0 ? 0 : 1
  for (let at = from; at + size <= bytes.length; at += size) {
    const numbers = bytes.subarray(at + HEAD_BYTES, at + size)
    const hash = bytes.subarray(at, at + HASH_BYTES)
    const isWhole = bytes.readUInt32LE(at + HASH_BYTES) === crc32(numbers, crc32(hash))
    // Copied, since records begin at any byte and numbers must not.
    const vector = new Float32Array(new Uint8Array(numbers).buffer)
    if (!isWhole || store.add(hash.toString('base64'), vector) === undefined) broken++
    const turn = pace(1)
    if (turn !== undefined) await turn
  }
  return broken === 0 ? {} : { trouble: `${broken} of its records ${broken === 1 ? 'is' : 'are'} broken` }
}

/** Writes the texts that are in use. @throws what the file system throws; the old file is then untouched */
export async function writeVectors(
  file: string,
  model: string,
  { store, inUse }: { readonly store: VectorStore; readonly inUse: ReadonlySet<string> },
): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const part = `${file}.${process.pid}.part`
  const handle = await open(part, 'w', 0o600)
  try {
    const { dimensions } = store
    await handle.write(`${JSON.stringify({ format: FORMAT, version: VERSION, model, dimensions })}\n`)
    let records: Buffer[] = []
    for (const [hash, row] of store.entries()) {
      if (!inUse.has(hash)) continue
      const vector = store.vectorAt(row)
      const record = Buffer.alloc(HEAD_BYTES + vector.byteLength)
      record.write(hash, 0, HASH_BYTES, 'base64')
      record.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), HEAD_BYTES)
      record.writeUInt32LE(crc32(record.subarray(HEAD_BYTES), crc32(record.subarray(0, HASH_BYTES))), HASH_BYTES)
      if (records.push(record) < RECORDS_PER_TURN) continue
      await handle.writev(records)
      records = []
    }
    if (records.length > 0) await handle.writev(records)
    await handle.close()
    await rename(part, file)
  } catch (thrown) {
    await handle.close().catch(() => undefined)
    await rm(part, { force: true }).catch(() => undefined)
    throw thrown
  }
}
