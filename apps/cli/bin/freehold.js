#!/usr/bin/env node
// In a checkout the sources run as they are; in the published package the bundle runs, and there are no sources.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isNodeNewEnough, runModule, runUnderNewerNode } from './start.js'

if (isNodeNewEnough()) {
  const sources = new URL('../src/main.ts', import.meta.url)
  runModule(existsSync(sources) ? sources.href : new URL('../dist/freehold.js', import.meta.url).href)
} else {
  runUnderNewerNode(fileURLToPath(import.meta.url), process.argv.slice(2))
}
