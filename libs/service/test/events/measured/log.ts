const write = (fields: object, message: string): void => {
  process.stderr.write(`${message} ${(fields as { err?: Error }).err?.message ?? ''}\n`)
}

/** A log of what goes wrong while it is measured. */
export const toStandardError = { info: write, warn: write, error: write }
