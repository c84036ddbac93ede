import { open, rename } from 'node:fs/promises'
import path from 'node:path'

/** Writes the file whole or not at all, readable by its owner only; it is on disk when this resolves. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const staged = `${file}.${process.pid}`
  const handle = await open(staged, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(staged, file)
  const folder = await open(path.dirname(file), 'r')
  // Some file systems do not sync folders; the rename itself is whole on all of them.
  await folder.sync().catch(() => {})
  await folder.close()
}
