import { styleText } from 'node:util'
import type { Output } from '../surroundings.ts'

/** Colours of one output: each function gives its text back as it is where there are none. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
}

/** Returns the colours for an output: only on a terminal, and never where NO_COLOR is set or TERM is dumb. */
export function createPaint(output: Output, env: Record<string, string | undefined>): Paint {
  const coloured = output.isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  }
}

const columnsMin = 60
const columnsMax = 120
const columnsDefault = 100

/** Returns how wide text is set on the output. */
export function widthOf(output: Output): number {
  return Math.min(Math.max(output.columns ?? columnsDefault, columnsMin), columnsMax)
}

/**
 * Returns the text with control characters other than line feeds shown as escapes: file contents, names of applications
 * and statements of other sessions must not move a terminal's cursor.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    if (character === '\n') {
      return character
    }
    return character === '\t' ? ' ' : `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`
  })
}

/** Returns the text on one line, white space folded, cut to the length with an ellipsis. */
export function oneLine(text: string, lengthMax: number): string {
  const folded = printable(text).replace(/\s+/g, ' ').trim()
  return folded.length <= lengthMax ? folded : `${folded.slice(0, Math.max(lengthMax - 1, 0)).trimEnd()}…`
}

/** Breaks the text at spaces into lines of at most the width; a word longer than that stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const paragraph of printable(text).split('\n')) {
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line)
        line = word
      } else {
        line = line === '' ? word : `${line} ${word}`
      }
    }
    lines.push(line)
  }
  return lines
}

/** Sets a wrapped text beside its label, the following lines under its first. */
export function labelled(
  label: string,
  text: string,
  options: { indent: number; label: number; width: number },
): string[] {
  const hang = options.indent + options.label
  return wrap(text, options.width - hang).map((line, index) => {
    const head = index === 0 ? `${' '.repeat(options.indent)}${label.padEnd(options.label)}` : ' '.repeat(hang)
    return head + line
  })
}
