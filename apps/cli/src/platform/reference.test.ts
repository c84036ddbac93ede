import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runFake } from '../testing/fake-surroundings.ts'
import { platformProblems } from './platform-problems.ts'

const page = readFileSync(new URL('../../../../docs/reference/platform.md', import.meta.url), 'utf8')

describe('docs/reference/platform.md', () => {
  it('lists every code with its exit code and its remedy, and no other', () => {
    const exits = { usage: 2, refused: 1, stopped: 4 }
    const rows = page.split('\n').filter((line) => line.startsWith('| `FHD_'))
    const defined = Object.values(platformProblems).map(
      ({ code, kind, hint }) => `| \`${code}\` | ${exits[kind]} | ${hint} |`,
    )
    expect(rows).toEqual(defined)
  })

  it('describes every command and every option of it', async () => {
    const commandsOf = async (...words: string[]): Promise<string[][]> => {
      const help = (await runFake([...words, '--help'])).stdout
      const names = [...(help.split('\nCommands:\n')[1] ?? '').matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(
        ([, name = '']) => name,
      )
      const inner = names
        .filter((name) => name !== 'help' && name !== 'migrate')
        .map((name) => commandsOf(...words, name))
      return words.length === 0 || inner.length > 0 ? (await Promise.all(inner)).flat() : [words]
    }
    const commands = await commandsOf()
    expect(commands).toContainEqual(['config', 'rollback'])
    expect(commands).toContainEqual(['up'])
    for (const words of commands) {
      expect(page).toContain(`\nfreehold ${words.join(' ')}`)
      const options = new Set((await runFake([...words, '--help'])).stdout.match(/--[a-z][a-z-]*/g))
      for (const general of ['--help', '--version', '--service']) {
        options.delete(general)
      }
      expect([...options].filter((option) => !page.includes(option))).toEqual([])
    }
  })
})
