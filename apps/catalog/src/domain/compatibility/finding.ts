/** One way in which a new contract fails, or may fail, those who keep to the earlier one. */
export interface Finding {
  /** JSON pointer into the contract in which the thing stands: the new one, or the earlier one for what was removed. */
  pointer: string
  rule: string
  /** `breaking` fails somebody who keeps to the contract; `risky` fails those who rely on more than it promises. */
  severity: 'breaking' | 'risky'
  why: string
}

/** Returns the pointer with one more part. */
export function below(pointer: string, ...parts: (string | number)[]): string {
  return pointer + parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
