/** Reads identifiers as Postgres prints them: bare, or in double quotes with quotes doubled. */
class NameReader {
  readonly text: string
  position = 0

  constructor(text: string) {
    this.text = text
  }

  name(stops: string): string {
    let name = ''
    let quoted = false
    while (this.position < this.text.length) {
      const character = this.text.charAt(this.position)
      if (character === '"') {
        if (quoted && this.text[this.position + 1] === '"') {
          name += '"'
          this.position += 2
          continue
        }
        quoted = !quoted
      } else if (!quoted && stops.includes(character)) {
        break
      } else {
        name += character
      }
      this.position += 1
    }
    return name
  }

  skip(character: string): void {
    if (this.text[this.position] !== character) {
      throw new Error(`expected ${character} at position ${this.position} of ${this.text}`)
    }
    this.position += 1
  }
}

/** Returns the parts of `schema.name` as Postgres prints it, unquoted. */
export function parseQualified(text: string): { schema: string; name: string } {
  const reader = new NameReader(text)
  const schema = reader.name('.')
  reader.skip('.')
  return { schema, name: reader.name('') }
}

/** One entry of an access control list: privileges by letter, with `*` after what may be granted on. */
export interface Right {
  /** Empty for PUBLIC. */
  grantee: string
  privileges: { letter: string; grantable: boolean }[]
  grantor: string
}

/** Returns the parts of an aclitem such as `alice=arw*\/bob`. */
export function parseRight(text: string): Right {
  const reader = new NameReader(text)
  const grantee = reader.name('=')
  reader.skip('=')
  const letters = reader.name('/')
  reader.skip('/')
  const privileges = [...letters.matchAll(/([a-zA-Z])(\*?)/g)].map((match) => ({
    letter: match[1] as string,
    grantable: match[2] === '*',
  }))
  return { grantee, privileges, grantor: reader.name('') }
}
