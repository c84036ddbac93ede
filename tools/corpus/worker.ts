/** Runs one history on a server of its own and sends each result to the parent. */
import { startTestServer } from '@freehold/postgres/embedded'
import { findCorpus, readHistory } from './corpus.ts'
import { runHistory } from './run-history.ts'

const [name = '', seed = '1', share = '', id = '', writers = ''] = process.argv.slice(2)
const server = await startTestServer(18, { max_connections: '60' })
process.env['FREEHOLD_SHADOW_DATABASE_URL'] = server.url()
// No statement counts as brief because its table is small: every mechanism is put to work.
process.env['FREEHOLD_BRIEF_TABLE_BYTES'] = '0'
try {
  const history = readHistory(findCorpus() as string, name)
  await runHistory({
    history,
    server,
    isJudged: (position) =>
      history.migrations[position]?.id.startsWith(id) === true &&
      (share === '' || chance(`${seed} ${name} ${position}`) < Number(share)),
    writers: writers !== '',
    onResult: (result) => process.send?.(result),
  })
} finally {
  await server.stop()
}
process.disconnect?.()

/** Returns a number in [0, 1) that depends on the text alone (FNV-1a). */
function chance(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return hash / 2 ** 32
}
