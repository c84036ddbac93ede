import { spawn } from 'node:child_process'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCorpus } from './corpus.ts'

describe.skipIf(findCorpus() === undefined)('the corpus', () => {
  it('ends as its plain run in a seeded sample of real migrations, or is refused for a reason', {
    timeout: 420_000,
  }, async () => {
    const { code, output } = await runSample('--sample', '40', '--seed', '20')
    expect(output).toMatch(/ wrong +0\n/)
    expect(code).toBe(0)
  })

  it('fails no write of an application that goes on meanwhile, and loses none', { timeout: 420_000 }, async () => {
    const { code, output } = await runSample('--sample', '30', '--seed', '5', '--writers')
    expect(output).toMatch(/writes meanwhile: [1-9]/)
    expect(output).toMatch(/ wrong +0\n/)
    expect(code).toBe(0)
  })
})

function runSample(...options: string[]): Promise<{ code: number | null; output: string }> {
  const args = [path.join(import.meta.dirname, 'main.ts'), ...options]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.on('error', reject)
    child.on('exit', (code) => resolve({ code, output }))
  })
}
