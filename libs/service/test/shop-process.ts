// The shop as a process of its own, as its main.ts would start it. Prints its address, and `asked` when `slow` is.

import { closeOnSignals, startService } from '../src/index.ts'
import { testConfig } from '../src/testing.ts'
import { openShop } from './shop.ts'

const { app } = await openShop({
  wait: async () => {
    console.log('asked')
    // Answers when the signal has arrived, not before.
    await new Promise((resolve) => process.once('SIGTERM', resolve))
  },
  onClose: async () => console.log('closed'),
})
const service = await startService(app, testConfig())
closeOnSignals(service)
console.log(service.url)
