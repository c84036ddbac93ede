import { closeOnSignals } from '@freehold/service'
import { start } from './start.ts'

closeOnSignals(await start(process.env))
