import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

describe('launch.js', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'freehold-launch-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Launches a script; sends the signal as soon as the script has said something. */
  async function launch(script: string, args: string[] = [], signal?: NodeJS.Signals) {
    const file = path.join(folder, 'script.ts')
    writeFileSync(file, script)
    const launcher = path.join(import.meta.dirname, 'launch.js')
    const child = spawn(process.execPath, [launcher, file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const streams = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => {
      streams.stdout += chunk.toString()
      if (signal !== undefined) {
        child.kill(signal)
      }
    })
    child.stderr.on('data', (chunk: Buffer) => {
      streams.stderr += chunk.toString()
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code, ...streams }
  }

  it('runs TypeScript with its arguments and says nothing of its own', async () => {
    const script = 'const rest: string[] = process.argv.slice(2)\nconsole.log(rest.join())'
    expect(await launch(script, ['--json', 'a b'])).toEqual({ code: 0, stdout: '--json,a b\n', stderr: '' })
  })

  it('ends with the exit code of the script, and with 1 when it throws', async () => {
    expect((await launch('process.exitCode = 3')).code).toBe(3)
    expect(await launch('throw new Error("broken")')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Error: broken'),
    })
  })

  it('leaves signals to the script', async () => {
    const script = 'process.on("SIGTERM", () => process.exit(4))\nconsole.log("ready")\nsetInterval(() => {}, 1000)'
    expect((await launch(script, [], 'SIGTERM')).code).toBe(4)
  })

  it('fails when a script waits for what never comes', async () => {
    const result = await launch('await new Promise(() => {})')
    expect(result.code).toBe(1)
    expect(result.stderr).toContain('ended in the middle of its work')
  })
})
