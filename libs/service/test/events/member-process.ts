// node member-process.ts URL GROUP TOPIC: joins the group, says how many records it got, and hangs before it commits them.

import { openImpatiently } from './harness.ts'

const [url = '', group = '', topic = ''] = process.argv.slice(2)
const transport = openImpatiently(url, { name: group, version: '0.0.0', instance: 'hanging' })
await transport.subscribe({
  group,
  topics: [topic],
  async onRecords(records) {
    process.stdout.write(`${records.length}\n`)
    await new Promise(() => {})
  },
})
