import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'

/** True where the file starts as gzip does (RFC 1952, section 2.3.1), whatever its name. */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/** The lines of a text file, plain or gzipped, in chunks as they are read: memory stays bounded however long the file. Empty lines are passed over. */
export async function* linesOf(path: string): AsyncGenerator<string[]> {
  const gunzip = (await isGzip(path)) ? createGunzip({ chunkSize: 256 * 1024 }) : undefined
  const raw = createReadStream(path, { highWaterMark: 256 * 1024 })
  if (gunzip) raw.on('error', (error) => gunzip.destroy(error)).pipe(gunzip)
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of gunzip ?? raw) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)).filter((line) => line !== '')
  }
  if (rest.trim() !== '') yield [rest.trim()]
}
